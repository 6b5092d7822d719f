"""What Trackier's records mean to us; strict about what we use, tolerant of everything else.

Two shapes are read: the vendor's (`hashId`, `title`, `payouts`) and the simpler one that some
networks' exports use (`id`, `name`, `payout: {amount, currency}`).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, TypeVar

import iso4217
import msgspec

from vendor_sync.errors import InvalidRecordError

_CURRENCIES = frozenset(currency.code for currency in iso4217.Currency)
_WORLDWIDE = frozenset({"all", "*", "ww", "worldwide"})
_PERCENTAGE_MODELS = frozenset({"cps", "revshare"})
_LONGEST_TEXT = 2_000
_LONGEST_ID = 64
# A number of more places than PostgreSQL's `numeric` can hold fails a page, and not its row alone.
_MOST_PLACES = 10_000
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_Item = TypeVar("_Item", bound=msgspec.Struct)
Id = str | int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """An advertiser. `external_id` is the vendor's hash id, `display_id` its small one."""

    entity: ClassVar[str] = "brands"
    external_id: str
    display_id: str | None
    name: str
    logo_url: str | None
    status: str
    checksum: str

    @property
    def is_active(self) -> bool:
        return self.status == "active"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A campaign with its base payout; `commission_pct` only where that is a percentage."""

    entity: ClassVar[str] = "offers"
    external_id: str
    display_id: str | None
    advertiser_id: str
    name: str
    category: str | None
    commission_pct: Decimal | None
    payout_amount: Decimal | None
    payout_currency: str | None
    payout_model: str | None
    status: str
    checksum: str

    @property
    def is_active(self) -> bool:
        return self.status == "active"


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """A publisher as far as it identifies one of our tenants."""

    entity: ClassVar[str] = "publishers"
    external_id: str
    display_id: str
    email: str | None
    external_ref: str | None


class _AdvertiserItem(msgspec.Struct, rename="camel"):
    hash_id: str | None = None
    id: Id = None
    name: str | None = None
    status: str | None = None
    logo: str | None = None
    logo_url: str | None = None
    logo_url_snake: str | None = msgspec.field(name="logo_url", default=None)


class _BriefPayout(msgspec.Struct):
    amount: Decimal | None = None
    currency: str | None = None


class _PayoutItem(msgspec.Struct, rename="camel"):
    id: Id = msgspec.field(name="_id", default=None)
    goal_id: Id = None
    payout: Decimal | None = None
    currency: str | None = None
    model: str | None = None
    payout_model: str | None = None
    geo: list[str] | str | None = None
    region: list[str] | str | None = None
    city: list[str] | str | None = None
    pub_ids: list[Any] | str | None = None


class _CampaignItem(msgspec.Struct, rename="camel"):
    hash_id: str | None = None
    id: Id = None
    advertiser_id: Id = None
    advertiser_id_snake: Id = msgspec.field(name="advertiser_id", default=None)
    title: str | None = None
    name: str | None = None
    status: str | None = None
    comm_model: str | None = None
    currency: str | None = None
    category: str | None = None
    categories: list[str] | None = None
    payout: _BriefPayout | None = None
    payouts: list[_PayoutItem] | None = None


class _PublisherItem(msgspec.Struct, rename="camel"):
    hash_id: str | None = None
    id: Id = None
    email: str | None = None
    external_ref: Id = None
    external_ref_snake: Id = msgspec.field(name="external_ref", default=None)


class _AnyIds(msgspec.Struct, rename="camel"):
    hash_id: Any = None
    id: Any = None


_advertiser = msgspec.json.Decoder(_AdvertiserItem)
_campaign = msgspec.json.Decoder(_CampaignItem)
_publisher = msgspec.json.Decoder(_PublisherItem)
_ids = msgspec.json.Decoder(_AnyIds)


def brand_from_api(item: msgspec.Raw) -> Brand:
    """Parse one advertiser; raise InvalidRecordError saying which field is wrong."""
    fields = _decode(_advertiser, item, Brand.entity)
    external_id, display_id = _identity(fields.hash_id, fields.id, Brand.entity)
    check = _Checks(Brand.entity, external_id)
    values = {
        "name": check.text("name", fields.name),
        "logo_url": check.optional_text(
            "logo", fields.logo_url or fields.logo_url_snake or fields.logo
        ),
        "status": check.text("status", fields.status or "active"),
    }
    return Brand(
        external_id=external_id,
        display_id=display_id,
        **values,  # pyright: ignore[reportArgumentType] - text() returns str
        checksum=_checksum(values | {"display_id": display_id}),
    )


def offer_from_api(item: msgspec.Raw) -> Offer:
    """Parse one campaign; raise InvalidRecordError saying which field is wrong."""
    fields = _decode(_campaign, item, Offer.entity)
    external_id, display_id = _identity(fields.hash_id, fields.id, Offer.entity)
    check = _Checks(Offer.entity, external_id)
    advertiser_id = fields.advertiser_id
    advertiser_id = fields.advertiser_id_snake if advertiser_id is None else advertiser_id
    if advertiser_id in (None, ""):
        field = "advertiserId"
        raise check.error(field, "is missing")
    category = fields.categories[0] if fields.categories else fields.category
    values: dict[str, Any] = {
        "advertiser_id": check.text("advertiserId", str(advertiser_id)),
        "name": check.text("title", fields.title if fields.title is not None else fields.name),
        "category": check.optional_text("categories", category),
        "status": check.text("status", fields.status or "active"),
        **_payout_values(check, fields),
    }
    return Offer(
        external_id=external_id,
        display_id=display_id,
        **values,
        checksum=_checksum(values | {"display_id": display_id}),
    )


def publisher_from_api(item: msgspec.Raw) -> Publisher:
    """Parse one publisher; its name is personal and is not read at all."""
    fields = _decode(_publisher, item, Publisher.entity)
    external_id, display_id = _identity(fields.hash_id, fields.id, Publisher.entity)
    check = _Checks(Publisher.entity, external_id)
    reference = fields.external_ref
    reference = fields.external_ref_snake if reference is None else reference
    return Publisher(
        external_id=external_id,
        display_id=display_id or external_id,
        email=check.optional_text("email", fields.email),
        external_ref=check.optional_text(
            "externalRef", None if reference is None else str(reference)
        ),
    )


def external_id_of(item: msgspec.Raw) -> str | None:
    """Return the id of a record that may be invalid otherwise, or None if it has none."""
    try:
        ids = _ids.decode(item)
    except msgspec.MsgspecError:
        return None
    for value in (ids.hash_id, ids.id):
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value):
            return str(value)[:_LONGEST_ID]
    return None


def is_storable(text: str) -> bool:
    """Tell whether PostgreSQL can hold a text."""
    return _UNSTORABLE.search(text) is None


class _Checks:
    """Checks the fields of one record, and words what is wrong with them."""

    def __init__(self, entity: str, external_id: str) -> None:
        self._entity = entity
        self._external_id = external_id

    def error(self, name: str, problem: str) -> InvalidRecordError:
        return InvalidRecordError(self._entity, self._external_id, f"{name} {problem}")

    def optional_text(self, name: str, value: str | None) -> str | None:
        if value is None or not value.strip():
            return None
        if not is_storable(value):
            raise self.error(name, "holds a NUL character or half a surrogate pair")
        if len(value) > _LONGEST_TEXT:
            raise self.error(name, f"is longer than {_LONGEST_TEXT} characters ({len(value)})")
        return value

    def text(self, name: str, value: str | None) -> str:
        checked = self.optional_text(name, value)
        if checked is None:
            raise self.error(name, "is missing or empty")
        return checked

    def currency(self, name: str, value: str | None) -> str:
        code = (value or "").strip().upper()
        if code not in _CURRENCIES:
            raise self.error(name, f"is not an ISO 4217 currency: {value!r}")
        return code

    def amount(self, name: str, value: Decimal, *, percentage: bool) -> Decimal:
        if not value.is_finite() or value < 0:
            raise self.error(name, f"must be at least 0, it is {value}")
        if abs(len(value.as_tuple().digits) - 1 - value.adjusted()) > _MOST_PLACES:
            raise self.error(name, f"has more than {_MOST_PLACES} places")
        if percentage and value > 100:  # noqa: PLR2004 - percent
            raise self.error(name, f"is a commission of {value} %, more than 100 %")
        return value


def _decode(decoder: msgspec.json.Decoder[_Item], item: msgspec.Raw, entity: str) -> _Item:
    try:
        return decoder.decode(item)
    except msgspec.MsgspecError as error:
        # "Expected `str`, got `int` - at `$.title`": says what and where, and quotes no value.
        raise InvalidRecordError(entity, external_id_of(item), str(error)) from None


def _identity(hash_id: str | None, small_id: Id, entity: str) -> tuple[str, str | None]:
    """Return (hash id, or the only id there is; display id where both are given)."""
    external_id = hash_id or ("" if small_id is None else str(small_id))
    display_id = str(small_id) if hash_id and small_id is not None else None
    if not external_id:
        raise InvalidRecordError(entity, None, "hashId and id are missing")
    for given in (external_id, display_id or ""):
        if len(given) > _LONGEST_ID or not is_storable(given):
            raise InvalidRecordError(entity, external_id[:_LONGEST_ID], "id is not a Trackier id")
    return external_id, display_id


def _payout_values(check: _Checks, fields: _CampaignItem) -> dict[str, Any]:
    model = fields.comm_model
    currency = fields.currency
    amount: Decimal | None = None
    is_share = False
    if fields.payout is not None:
        amount, currency = fields.payout.amount, fields.payout.currency or currency
    elif base := _base_payout(fields.payouts or []):
        amount, currency = base.payout, base.currency or currency
        model = base.model or model
        is_share = base.payout_model in _PERCENTAGE_MODELS
    for payout in fields.payouts or []:  # a nonsensical payout is refused wherever it stands
        if payout.payout is not None:
            check.amount("payouts.payout", payout.payout, percentage=False)
    percentage = is_share or model in _PERCENTAGE_MODELS
    if amount is not None:
        amount = check.amount("payout", amount, percentage=percentage)
    known = amount is not None or bool(currency)
    return {
        "commission_pct": amount if percentage else None,
        "payout_amount": amount,
        "payout_currency": check.currency("currency", currency) if known else None,
        "payout_model": check.optional_text("commModel", model),
    }


def _base_payout(payouts: list[_PayoutItem]) -> _PayoutItem | None:
    """Return the payout that holds for everyone: no goal, no publisher list, widest geography."""
    general = [item for item in payouts if not item.goal_id and not _listed(item.pub_ids)]
    return general[0] if len(general) == 1 else min(general, key=_narrowness, default=None)


def _narrowness(item: _PayoutItem) -> tuple[int, int, int, str]:
    countries = _listed(item.geo)
    places = len(_listed(item.region)) + len(_listed(item.city))
    return (1 if countries else 0, -len(countries), places, str(item.id or ""))


def _listed(value: list[Any] | str | None) -> list[str]:
    """Return what a restriction lists; nothing for the vendor's ways of saying "everywhere"."""
    values = [value] if isinstance(value, str) else [str(entry) for entry in value or []]
    return [entry for entry in values if entry and entry.lower() not in _WORLDWIDE]


def _checksum(values: dict[str, Any]) -> str:
    """Digest the canonical subset: what we store, keys sorted, equal amounts spelt equally."""
    canonical = {
        name: f"{value.normalize():f}" if isinstance(value, Decimal) else value
        for name, value in values.items()
    }
    packed = msgspec.json.encode(canonical, order="sorted")
    return hashlib.blake2b(packed, digest_size=16).hexdigest()
