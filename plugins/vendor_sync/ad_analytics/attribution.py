"""Computes which clicks orders came from: set-based, for the orders that something has changed for.

Whatever changes an order, its visits, or what they may match, marks the order stale in the same
transaction. A round takes stale orders, computes their credits from nothing but the tables, and
writes what differs; it commits with the marks removed, or not at all. So a round can be killed
anywhere, and incremental rounds end where a full recomputation ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import LiteralString

from vendor_sync.ad_analytics.utm import RULE_VERSION
from vendor_sync.postgres import Warehouse, load_query

MODELS = ("last_click", "first_click", "linear", "position_based", "time_decay")
# Orders of one round: bounds memory and how long a transaction lasts.
ROUND_SIZE = 200_000
DECAY_SECONDS = 7 * 86_400
# Each step fills a working table; what the planner does not know of it, it guesses wrong by far.
_STEPS: tuple[tuple[LiteralString, LiteralString], ...] = (
    ("attribution/insert_touches.sql", "ANALYZE seen_touches"),
    ("attribution/insert_matches.sql", "ANALYZE touch_matches"),
    ("attribution/insert_credits.sql", "ANALYZE touch_credits"),
    ("attribution/insert_events.sql", "ANALYZE new_events"),
)


@dataclass(frozen=True, slots=True)
class Attributed:
    """What computing did: orders looked at, events written or removed (the rest was the same)."""

    orders: int
    changed: int
    deleted: int

    def __add__(self, other: Attributed) -> Attributed:
        return Attributed(
            self.orders + other.orders, self.changed + other.changed, self.deleted + other.deleted
        )


def attribute_orders(conn: Warehouse, *, round_size: int = ROUND_SIZE) -> Attributed:
    """Compute all stale orders, a transaction a round; one caller at a time, the others wait."""
    total = Attributed(0, 0, 0)
    while True:
        done = _attribute_round(conn, round_size)
        total += done
        if done.orders < round_size:
            return total


def mark_all_orders(conn: Warehouse, workspace_id: int | None = None) -> int:
    """Mark every order (of a workspace) stale: for changed settings or rules; return how many."""
    return conn.execute(
        load_query("attribution/mark_all_orders.sql"), {"workspace_id": workspace_id}
    ).rowcount


def _attribute_round(conn: Warehouse, round_size: int) -> Attributed:
    params = {"rule_version": RULE_VERSION, "decay_seconds": DECAY_SECONDS}
    with conn.transaction():
        conn.execute(load_query("attribution/lock_attribution.sql"))
        conn.execute(load_query("attribution/create_working_tables.sql"))
        taken = conn.execute(
            load_query("attribution/take_orders.sql"), {"batch_size": round_size}
        ).rowcount
        if not taken:
            return Attributed(0, 0, 0)
        conn.execute("ANALYZE taken_orders")
        for query, analyze in _STEPS:
            conn.execute(load_query(query), params)
            conn.execute(analyze)
        conn.execute(load_query("attribution/mark_moved_days.sql"))
        deleted = conn.execute(load_query("attribution/delete_events.sql")).fetchone()
        changed = conn.execute(load_query("attribution/merge_events.sql")).fetchone()
        assert deleted is not None  # noqa: S101 - aggregates return one row
        assert changed is not None  # noqa: S101
    return Attributed(taken, changed[0], deleted[0])
