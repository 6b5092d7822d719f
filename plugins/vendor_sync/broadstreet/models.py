"""What Broadstreet's lists mean to us: strict about what we use, and every value kept as it came.

A document has the vendor's own fields under the vendor's names, but `id`, which becomes
`broadstreet_id`; ids that only the request knew are added. What BSON cannot hold as it came stays
as text in `vendor_json`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import msgspec

from vendor_sync.broadstreet.entity_types import EntityType
from vendor_sync.errors import InvalidRecordError

Document = dict[str, Any]
Key = int | tuple[int, int, int]

# Ours in a production document; a field of the vendor's by such a name is kept in `vendor_json`.
OWN_FIELDS = frozenset({
    "_id", "broadstreet_id", "content_hash", "last_import", "removed_at", "synced_with_api",
    "synced_at", "local_id", "vendor_json",
})  # fmt: skip
TRIPLE = ("campaign_id", "advertisement_id", "zone_id")
# Signed anew whenever it is asked for: kept, but no change by itself.
_VOLATILE = ("preview_url",)
_INT64 = 1 << 63
_DIGEST_BYTES = 16
_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder().decode


class _Network(msgspec.Struct):
    id: int
    name: str


class _Advertiser(msgspec.Struct):
    id: int
    name: str
    notes: str | None = None
    web_home_url: str | None = None


class _Zone(msgspec.Struct):
    id: int
    name: str
    network_id: int | None = None
    alias: str | None = None


class _Advertisement(msgspec.Struct):
    id: int
    name: str
    type: str | None = None
    advertiser: str | None = None


class _Campaign(msgspec.Struct):
    id: int
    name: str
    advertiser_id: int | None = None
    start_date: str | None = None
    end_date: str | None = None
    weight: str | None = None
    display_type: str | None = None


class _Placement(msgspec.Struct):
    advertisement_id: int
    zone_id: int
    campaign_id: int | None = None
    restrictions: list[str] | None = None


_ITEMS: Mapping[EntityType, type[msgspec.Struct]] = {
    EntityType.NETWORKS: _Network,
    EntityType.ADVERTISERS: _Advertiser,
    EntityType.ZONES: _Zone,
    EntityType.ADVERTISEMENTS: _Advertisement,
    EntityType.CAMPAIGNS: _Campaign,
    EntityType.PLACEMENTS: _Placement,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One entity as listed. `key` is its Broadstreet id; of a placement, its three ids.

    `document` is the production document without `_id` and without what a run notes on it;
    `content_hash` is the same as long as the vendor shows the same.
    """

    entity_type: EntityType
    key: Key
    document: Document
    content_hash: str

    @property
    def name(self) -> str | None:
        """Return the name as the vendor has it, None for a placement."""
        return self.document.get("name")


def record_from_api(
    entity_type: EntityType, item: msgspec.Raw | bytes, parents: Mapping[str, int]
) -> Record:
    """Read one row of a list; `parents` are the ids it was asked for with.

    Raises InvalidRecordError saying which field is wrong, and how.
    """
    text = bytes(item)
    try:
        fields = _decode(text)
        checked: Any = msgspec.convert(fields, _ITEMS[entity_type])
    except msgspec.MsgspecError as error:
        raise InvalidRecordError(entity_type, _id_of(text), str(error)) from None
    fields = cast("Document", fields)
    key = _key(entity_type, checked, parents)
    for name, asked in parents.items():
        shown = fields.get(name)
        if shown is not None and shown != asked:
            reason = f"{name} is {shown!r}, but it was listed under {asked}"
            raise InvalidRecordError(entity_type, _id_of(text), reason)
    document = _document(entity_type, fields, parents, text)
    return Record(
        entity_type=entity_type, key=key, document=document, content_hash=content_hash(document)
    )


def content_hash(document: Mapping[str, Any]) -> str:
    """Return a digest of what the vendor shows, whatever the order of its fields."""
    shown = {name: value for name, value in document.items() if name not in _VOLATILE}
    return hashlib.blake2b(_encode(shown), digest_size=_DIGEST_BYTES).hexdigest()


def _key(entity_type: EntityType, checked: Any, parents: Mapping[str, int]) -> Key:  # noqa: ANN401
    ids = (
        (parents["campaign_id"], checked.advertisement_id, checked.zone_id)
        if entity_type is EntityType.PLACEMENTS
        else (checked.id,)
    )
    for number in ids:
        if not 0 < number < _INT64:
            raise InvalidRecordError(entity_type, str(number), f"{number} is no id")
    return cast("Key", ids if entity_type is EntityType.PLACEMENTS else ids[0])


def _document(
    entity_type: EntityType, fields: Document, parents: Mapping[str, int], text: bytes
) -> Document:
    document: Document = {}
    if entity_type is not EntityType.PLACEMENTS:
        document["broadstreet_id"] = int(fields.pop("id"))
    odd = False
    for name, value in fields.items():
        if _is_odd_name(name) or name in OWN_FIELDS or not _is_storable(value):
            odd = True
        else:
            document[name] = value
    document |= parents
    if odd:
        document["vendor_json"] = text.decode()
    return document


def _is_odd_name(name: str) -> bool:
    return name.startswith("$") or "." in name or "\0" in name or not name


def _is_storable(value: object) -> bool:
    """Say whether BSON gives a value back as it came: names at any depth, numbers by their size."""
    if isinstance(value, dict):
        inner = cast("dict[str, object]", value)
        return all(not _is_odd_name(name) and _is_storable(part) for name, part in inner.items())
    if isinstance(value, list):
        return all(map(_is_storable, cast("list[object]", value)))
    if isinstance(value, int) and not isinstance(value, bool):
        return -_INT64 <= value < _INT64
    return True


def _id_of(text: bytes) -> str | None:
    """Return the id of a row that cannot be read, as far as it has one."""
    try:
        item = _decode(text)
    except msgspec.MsgspecError:
        return None
    number = cast("Document", item).get("id") if isinstance(item, dict) else None
    return None if number is None else str(number)
