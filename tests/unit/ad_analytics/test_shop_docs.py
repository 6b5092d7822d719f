"""What docs/shops.md says about flags and settings is what the clients do."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "shops.md").read_text()
CLIENTS = sorted((ROOT / "plugins/vendor_sync/ad_analytics/shops").glob("*.py"))
CODE = "\n".join(path.read_text() for path in CLIENTS)


def named(heading):
    """The words in backticks of the first column of a table."""
    rows = PAGE.partition(heading)[2].partition("\n\n")[0].splitlines()[2:]
    return {row.split("|")[1].strip(" `") for row in rows}


def test_every_flag_is_explained():
    assert named("| flag | shops | meaning | what to do |") == set(
        re.findall(r'\.flag\("(\w+)"\)', CODE)
    )


def test_every_setting_is_explained():
    assert named("| setting | shops | meaning |") == set(
        re.findall(r'settings\.get\(\s*"(\w+)"', CODE)
    )
