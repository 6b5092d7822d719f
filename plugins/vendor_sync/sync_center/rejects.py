"""Refused records: a flow's list, and one of them as it came."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from vendor_sync.connections import ConnectionSource
from vendor_sync.sync_center.queries import Ops, Row

SHOWN = 50
ADVICE = {
    "invalid": "Correct the record at the vendor: the next run reads it again.",
    "unmatched": "Nothing is wrong with it, but we have nothing that it belongs to: "
    "create that, and the next run finds it.",
}


def rejects(
    source: ConnectionSource, flow: str, run_key: int | None, before: int | None
) -> list[Row]:
    """Return a page of what a flow, or one of its runs, has refused; the newest first."""
    asked = {"flow": flow, "run_key": run_key, "before": before, "at_most": SHOWN}
    return Ops(source).rows("list_rejects", **asked)


def reject(source: ConnectionSource, reject_key: int, flows: Collection[str]) -> Row | None:
    """Return one refused record of these flows, its `item` indented; None if it is not there."""
    found = Ops(source).rows("get_reject", reject_key=reject_key, flows=sorted(flows))
    if not found:
        return None
    row = found[0]
    return row | {"item": _indented(row["item"]), "advice": ADVICE.get(row["kind"], "")}


def _indented(text: str) -> str:
    """Return JSON for reading; its numbers and escapes stay as they were written."""
    try:
        return msgspec.json.format(text, indent=2)
    except msgspec.MsgspecError:  # such as NaN, which the column accepts
        return text
