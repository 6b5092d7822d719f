"""docs/metrics.md against the tables and the code: the same names, neither more nor fewer."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from vendor_sync.ad_analytics.dashboard_cache import FIGURES, RANGES
from vendor_sync.ad_analytics.performance import THRESHOLDS

pytestmark = pytest.mark.integration
PAGE = (Path(__file__).resolve().parents[3] / "docs" / "metrics.md").read_text()
NOT_METRICS = {
    "campaign_metrics": {
        "campaign_id", "date", "currency", "attribution_window", "provisional", "pulled_at",
        "updated_at",
    },
    "workspace_daily": {"workspace_id", "date", "platform", "currency", "updated_at"},
}  # fmt: skip


def names(title: str) -> set[str]:
    """The first column of the table below a title."""
    section = PAGE.split(title, 1)[1].split("\n## ", 1)[0]
    return set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))


@pytest.mark.parametrize("table", list(NOT_METRICS))
def test_the_page_lists_every_metric_of_the_table(warehouse, table):
    columns = {
        row[0]
        for row in warehouse.execute(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_schema = 'analytics' AND table_name = %s",
            [table],
        )
    }

    assert names(f"`analytics.{table}`") == columns - NOT_METRICS[table]


def test_the_page_lists_every_figure_of_the_dashboard():
    assert names("## Dashboard") == set(FIGURES)
    assert all(f"`{name}`" in PAGE for name in RANGES)


def test_the_page_lists_every_alert_and_threshold(warehouse):
    row = warehouse.execute(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conname = 'performance_alerts_kind_check'"
    ).fetchone()

    assert names("## Performance alerts") == set(re.findall(r"'(\w+)'", row[0]))
    assert all(f"`{name}`" in PAGE for name in THRESHOLDS)
