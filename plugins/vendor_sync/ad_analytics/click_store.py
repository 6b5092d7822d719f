"""Writes our own click log: clicks, and which browser an order was made in. Each line counts once.

The log is delivered at least once and in any order; a click may come after its order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import LiteralString

from vendor_sync.ad_analytics.records import ClickRecord, OrderLinkRecord
from vendor_sync.ad_analytics.traces import TRACE_COLUMNS, trace_row, whole_seconds
from vendor_sync.postgres import Warehouse, load_query

_STAGE_CLICKS: LiteralString = (
    "COPY staged_clicks (workspace_id, click_id, visitor_id, " + TRACE_COLUMNS + ") FROM STDIN"
)
_STAGE_LINKS: LiteralString = (
    "COPY staged_links (workspace_id, store, external_id, visitor_id, occurred_at) FROM STDIN"
)


class ClickStore:
    """Owns no transaction: each method runs inside the caller's."""

    def __init__(self, conn: Warehouse) -> None:
        self._conn = conn

    def prepare(self) -> None:
        """Create the staging tables of this connection; they empty themselves at each commit."""
        self._conn.execute(load_query("analytics/create_click_staging.sql"))

    def merge_clicks(self, clicks: Sequence[ClickRecord]) -> list[tuple[int, str]]:
        """Add the clicks that are new and mark the orders they may have led to.

        Returns the new ones as (workspace, click). Call it once a transaction. Clicks of unknown
        workspaces are left out.
        """
        self._conn.copy_rows(_STAGE_CLICKS, map(_click_row, clicks))
        rows = self._conn.execute(load_query("analytics/merge_clicks.sql")).fetchall()
        return [(row[0], row[1]) for row in rows]

    def merge_links(self, links: Sequence[OrderLinkRecord]) -> list[tuple[int, str]]:
        """Add links and mark their orders; return (workspace, store) of stores that are not known.

        Call it once a transaction. The order may still be to come.
        """
        self._conn.copy_rows(_STAGE_LINKS, map(_link_row, links))
        rows = self._conn.execute(load_query("analytics/merge_links.sql")).fetchall()
        return [(row[0], row[1]) for row in rows]


def _click_row(click: ClickRecord) -> tuple[object, ...]:
    row = trace_row(
        click.occurred_at,
        click.landing_url,
        click.referrer,
        {},
        platform=click.platform,
        campaign_ref=click.campaign_id,
    )
    return (click.workspace_id, click.click_id, click.visitor_id, *row)


def _link_row(link: OrderLinkRecord) -> tuple[object, ...]:
    return (
        link.workspace_id,
        link.store,
        link.order_id,
        link.visitor_id,
        whole_seconds(link.occurred_at),
    )
