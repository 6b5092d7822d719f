"""What a Broadstreet account lists, and what the production collections hold, to be compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.vendors.control import VendorSandbox
from vendor_sync.mongo import Mongo


def listed(vendors: VendorSandbox, kind: str) -> dict[Any, Any]:
    """Return {identity: the row as the vendor lists it}."""
    rows = [row for row in vendors.truth("broadstreet") if row["kind"] == kind]
    if kind == "placements":
        return {tuple(row["parents"].values()): row["item"] for row in rows}
    return {row["item"]["id"]: row["item"] for row in rows if not row["malformed"]}


def imported(db: Mongo, kind: str) -> dict[Any, Any]:
    """Return {identity: the row as the vendor would list it} of the active documents."""
    found = db[kind].find({"removed_at": None})
    return {_identity(kind, document): _as_listed(kind, document) for document in found}


_ADDED = {"advertisers": {"network_id"}, "placements": {"campaign_id"},
          "advertisements": {"network_id", "advertiser_id"}}  # fmt: skip
_OWN = {"_id", "content_hash", "last_import", "removed_at", "synced_with_api", "synced_at",
        "local_id"}  # fmt: skip


def _as_listed(kind: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """Turn a production document back into the vendor's row."""
    dropped = _OWN | _ADDED.get(kind, set())
    item = {name: value for name, value in document.items() if name not in dropped}
    return {"id": item.pop("broadstreet_id"), **item} if "broadstreet_id" in item else item


def _identity(kind: str, document: Mapping[str, Any]) -> Any:
    if kind == "placements":
        return tuple(document[f"{name}_id"] for name in ("campaign", "advertisement", "zone"))
    return document["broadstreet_id"]
