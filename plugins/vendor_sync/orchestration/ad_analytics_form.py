"""The form of an ad analytics run, and how many tasks a vendor may have at a time."""

from __future__ import annotations

from airflow.sdk import Param

VENDORS = ("meta", "tiktok", "snapchat", "shopify", "woocommerce", "salla", "zid")
# Shards of one vendor that run at the same time; each asks four connections at a time.
SLOTS = 4


def _day(title: str, description: str) -> Param:
    return Param(None, type=["null", "string"], format="date", title=title, description=description)


PARAMS = {
    "workspace": Param(
        None,
        type=["null", "integer"],
        minimum=1,
        title="Workspace",
        description="Its id, as `python -m vendor_sync workspace list` shows it; empty means all.",
    ),
    "platforms": Param(
        [],
        type="array",
        items={"type": "string", "enum": list(VENDORS)},
        examples=list(VENDORS),
        title="Platforms and shops",
        description="None means all.",
    ),
    "connections": Param(
        [],
        type="array",
        items={"type": "string", "pattern": "^[0-9]+$"},
        title="Ad accounts and stores",
        description=(
            "Ids, one a line, as `account list` and `store list` show them; none means all."
        ),
    ),
    "since": _day(
        "First day",
        "With a last day: read exactly these days again, of the account's timezone, also where the "
        "vendor has asked to wait. Empty: what is due.",
    ),
    "until": _day("Last day", "Inclusive."),
}
