"""The form of an ad analytics run, and how many tasks a vendor may have at a time."""

from __future__ import annotations

from airflow.sdk import Param

VENDORS = ("meta", "tiktok", "snapchat", "shopify", "woocommerce", "salla", "zid")
# Shards of one vendor that run at the same time; each asks four connections at a time.
SLOTS = 4


def _day(title: str, description: str) -> Param:
    return Param(None, type=["null", "string"], format="date", title=title, description=description)


PARAMS = {
    "workspace": Param(None, type=["null", "integer"], title="Workspace", description="Its id."),
    "platforms": Param(
        [], type="array", examples=list(VENDORS), title="Vendors", description="None means all."
    ),
    "connections": Param(
        [],
        type="array",
        items={"type": "integer"},
        title="Connections",
        description="Ids of ad accounts or stores; none means all.",
    ),
    "since": _day("First day", "Read these days again; with the last day."),
    "until": _day("Last day", "Inclusive."),
}
