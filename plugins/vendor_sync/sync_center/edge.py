"""The edge tab: which stores have which version, what their tills used, what was refused.

What an edge has is what it said itself, in its last report; bytes and durations it keeps to itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from vendor_sync.connections import ConnectionSource
from vendor_sync.sync_center.edge_settings import TITLES
from vendor_sync.sync_center.queries import Ops, Row
from vendor_sync.sync_center.wording import Status

FLOW = "edge_usage_rollup"
USED_DAYS = 7
SHOWN = 20
SHOWN_STORES = 100
# What a person has to look at comes first.
_TONES = ("bad", "warn", "busy", "good", "quiet")
# An edge reports after each sync, and syncs when it is told, at the latest after the interval.
_LATE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """A store of the company; `behind` counts versions, None where it never reported one."""

    row: Row
    behind: int | None
    state: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """What the tab shows of a company."""

    companies: Sequence[Row]
    company: Row
    settings: Mapping[str, Any]
    stores: Sequence[Store]
    refused: Sequence[Row]


def fleet(source: ConnectionSource, company_id: str | None, now: datetime) -> Fleet | None:
    """Return a company's stores, the first company's by default; None where there is none."""
    with Ops(source).asking() as ask:
        companies = ask("list_edge_companies", {})
        chosen = [row for row in companies if company_id in {None, row["company_id"]}]
        if not chosen:
            return None
        company = chosen[0]
        own = {"company_id": company["company_id"]}
        since = now.date() - timedelta(days=USED_DAYS)
        stores = ask("list_edge_stores", own | {"since": since})
        refused = ask("list_usage_rejects", own | {"at_most": SHOWN})
    return Fleet(
        companies=companies,
        company=company,
        settings={name: company[name] for name in TITLES},
        stores=sorted(
            (_store(row, company, now) for row in stores),
            key=lambda store: _TONES.index(store.state.tone),
        ),
        refused=refused,
    )


def _store(row: Row, company: Row, now: datetime) -> Store:
    reported, version = row["reported_version"], company["version"]
    behind = max(0, version - reported) if reported is not None and version is not None else None
    return Store(row=row, behind=behind, state=_state(row, behind, company, now))


def _state(row: Row, behind: int | None, company: Row, now: datetime) -> Status:
    """Return the first of these that is so: what a person has to look at comes before the rest."""
    reported_at: datetime | None = row["reported_at"]
    patience = _LATE * timedelta(hours=company["sync_interval_hours"] or 1)
    told = (
        (not row["is_active"], Status("Closed", "quiet")),
        (not row["clients"], Status("No credentials", "quiet")),
        (reported_at is None, Status("Never reported", "warn")),
        (row["drifted_at"] is not None, Status("Is given everything anew", "warn")),
        (bool(row["skipped"]), Status("Skips records", "bad")),
        (reported_at is not None and now - reported_at > patience, Status("Silent", "bad")),
        (bool(behind), Status("Behind", "busy")),
    )
    return next((state for is_so, state in told if is_so), Status("Up to date", "good"))
