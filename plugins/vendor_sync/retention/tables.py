"""Which rows of which tables are old, and in which order they go.

Every query names the rows that may go, and so holds what must stay: see the files. Children come
before their runs, so that no delete of a run takes more along than its progress.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

_NIL = UUID(int=0)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Old:
    """Rows of a table that go when they are as old as their kind (a parameter) may get.

    `first` is where the walk over them begins: a value for each column of `query` after the row's
    place. `preparation` is done to the rows first, `others` are tables that shrink along.
    """

    table: str
    kind: str
    query: str
    first: Mapping[str, Any]
    preparation: str | None = None
    others: tuple[str, ...] = field(default_factory=tuple)

    @property
    def name(self) -> str:
        """Return the table's name without its schema, as counts and progress show it."""
        return self.table.partition(".")[2]


def _old(table: str, of: str, query: str, **first: Any) -> Old:  # noqa: ANN401 - of any type
    return Old(table=table, kind=of, query=f"retention/{query}.sql", first=first)


def _removed(kind: str, plural: str, **rest: Any) -> Old:  # noqa: ANN401 - more fields of Old
    return Old(
        table=f"edge.{kind}_records",
        kind="tombstones",
        query=f"retention/list_removed_{plural}.sql",
        first={"company_id": _NIL, "version": -1, f"{kind}_id": _NIL},
        **rest,
    )


OPS = (
    _old("ops.sync_pages", "raw_pages", "list_old_pages", page_key=0),
    _old("ops.sync_rejects", "rejects", "list_old_rejects", reject_key=0),
    _old("ops.sync_events", "runs", "list_old_events", event_id=_NIL),
    _old(
        "ops.sync_outcomes", "runs", "list_old_outcomes",
        run_key=0, entity="", external_id="",
    ),
    Old(
        table="ops.alerts",
        kind="runs",
        query="retention/list_old_alerts.sql",
        first={"alert_key": 0},
        others=("ops.alert_deliveries",),
    ),
    Old(
        table="ops.sync_runs",
        kind="runs",
        query="retention/list_old_runs.sql",
        first={"run_key": 0},
        others=("ops.sync_progress",),
    ),
)  # fmt: skip
ANALYTICS = (
    _old(
        "analytics.consistency_issues", "runs", "list_old_issues",
        kind="", subject="", date=date(1970, 1, 1),
    ),
    _old(
        "analytics.performance_alerts", "runs", "list_old_performance_alerts",
        campaign_id=0, kind="", date=date(1970, 1, 1),
    ),
    _old("analytics.click_files", "runs", "list_old_click_files", object_key=""),
)  # fmt: skip
EDGE = (
    Old(
        table="edge.promotion_usages",
        kind="usages",
        query="retention/list_old_usages.sql",
        first={"company_id": _NIL, "received_at": _LONG_AGO, "usage_id": _NIL},
        preparation="retention/close_days.sql",
        others=("edge.promotion_effectiveness",),
    ),
    _old("edge.usage_rejects", "rejects", "list_old_usage_rejects", reject_key=0),
    _old(
        "edge.refused_records", "rejects", "list_old_refused_records",
        store_id=_NIL, record_id="",
    ),
    _old(
        "edge.promotion_audits", "runs", "list_old_audits",
        company_id=_NIL, audited_on=date(1970, 1, 1), promotion_id=_NIL, finding="",
    ),
    _old(
        "edge.refresh_tokens", "ended", "list_ended_tokens",
        expires_at=_LONG_AGO, family_id=_NIL, issued_at=_LONG_AGO,
    ),
    _old("edge.product_chunks", "ended", "list_lost_chunks", chunk_id=0),
    _old("edge.chunk_scopes", "ended", "list_lost_scopes", company_id=_NIL, brand_id=_NIL),
)  # fmt: skip
TOMBSTONES = (
    _removed("category", "categories"),
    _removed("promotion", "promotions"),
    _removed(
        "product",
        "products",
        preparation="retention/delete_overlays.sql",
        others=("edge.store_product_records", "edge.product_holdings"),
    ),
    _old("edge.publications", "tombstones", "list_old_publications", company_id=_NIL, version=-1),
)
TABLES = OPS + ANALYTICS + EDGE + TOMBSTONES
