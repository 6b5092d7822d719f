"""The tabs of analytics, edge and Broadstreet, as the benchmark of Sync Center asks for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from vendor_sync import mongo
from vendor_sync.broadstreet.entity_types import EntityType
from vendor_sync.connections import Connection, ConnectionSource
from vendor_sync.mongo import Mongo
from vendor_sync.sync_center import (
    analytics,
    broadstreet,
    broadstreet_log,
    edge,
    edge_settings,
    flows,
    local_forms,
)
from vendor_sync.sync_center.queries import Ops
from vendor_sync.sync_center.rendering import render

Page = Callable[[], str]
T = TypeVar("T")
# What is previewed: everything that is or will be on, far ahead.
WANTED = {"sync_strategy": ["include_future"], "future_days": ["30"], "past_days": ["5"],
          "include_inactive": ["yes"], "sync_interval_hours": ["6"],
          "max_promotions_per_sync": ["100"]}  # fmt: skip


def tab_pages(
    source: ConnectionSource, store: Connection, around: Mapping[str, Any]
) -> dict[str, Page]:
    """Return the pages by what the report calls them; each opens its own connections."""
    return {
        "analytics": lambda: _analytics(source, around),
        "edge": lambda: _edge(source, around),
        "edge settings": lambda: _settings(source, around, is_previewed=False),
        "edge preview": lambda: _settings(source, around, is_previewed=True),
        "Broadstreet": lambda: _broadstreet(source, store, around),
        "local entities": lambda: _local(store, around),
        "local form": lambda: _local_form(store, around),
        "placements": lambda: _placements(store, around),
        "Broadstreet log": lambda: _log(store, around),
    }


def _analytics(source: ConnectionSource, around: Mapping[str, Any]) -> str:
    board = analytics.board(source, None, 30, datetime.now(UTC))
    return render("analytics/board.html", {**around, "board": board, "may_start": True})


def _edge(source: ConnectionSource, around: Mapping[str, Any]) -> str:
    fleet = edge.fleet(source, None, datetime.now(UTC))
    values = {"fleet": fleet, "used_days": edge.USED_DAYS, "may_change": True}
    values |= {"skip": 0, "shown": edge.SHOWN_STORES, "titles": edge_settings.TITLES}
    return render("edge/fleet.html", {**around, **values})


def _settings(source: ConnectionSource, around: Mapping[str, Any], *, is_previewed: bool) -> str:
    companies = Ops(source).rows("list_edge_companies")
    held = edge_settings.held(source, companies[0]["company_id"]) if companies else None
    if held is None:
        return ""
    wanted, _ = edge_settings.read(held.settings, WANTED)
    shown = edge_settings.preview(source, held, wanted, "", "") if is_previewed else None
    values = {
        "held": held, "fields": edge_settings.fields(held.settings, WANTED), "preview": shown,
        "problem": "", "saved": False, "after": "", "may_change": True,
        "titles": edge_settings.TITLES, "shown_names": edge_settings.SHOWN_NAMES,
    }  # fmt: skip
    return render("edge/settings.html", {**around, **values})


def _broadstreet(source: ConnectionSource, store: Connection, around: Mapping[str, Any]) -> str:
    known = {
        name: flows.AirflowFlow(
            dag_id=name, name=name, is_paused=False, schedule="Every hour",
            next_run_at=datetime.now(UTC), slas=[], last_run=None,
        )
        for name in (broadstreet.IMPORT, broadstreet.EXPORT)
    }  # fmt: skip
    values = {
        "cards": flows.cards(source, known, list(known)),
        **_with(
            store,
            lambda db: {"held": broadstreet.held(db), "undecided": broadstreet_log.undecided(db)},
        ),
        "conflicts": broadstreet.conflicts(source),
        "may_export": True,
        "may_import": True,
    }
    return render("broadstreet/overview.html", {**around, **values})


def _local(store: Connection, around: Mapping[str, Any]) -> str:
    def read(db: Mongo) -> dict[str, Any]:
        found, total = broadstreet.local_entities(db, None, 0)
        return {"entities": found, "more": total > len(found), "held": broadstreet.held(db)}

    values: dict[str, Any] = {"entity_type": None, "skip": 0, "chosen": set(), "elsewhere": []}
    values |= {"entity_types": list(EntityType), "note": "", "may_export": True}
    return render("broadstreet/local.html", {**around, **values, **_with(store, read)})


def _local_form(store: Connection, around: Mapping[str, Any]) -> str:
    searched = {"find_advertisement_id": ["1999"], "was_find_advertisement_id": [""]}
    fields = _with(store, lambda db: local_forms.fields(db, EntityType.PLACEMENTS, None, searched))
    values = {"fields": fields, "entity_type": EntityType.PLACEMENTS, "document": None}
    values |= {"problem": "", "badge": broadstreet.LOCAL}
    return render("broadstreet/local_form.html", {**around, **values})


def _placements(store: Connection, around: Mapping[str, Any]) -> str:
    def read(db: Mongo) -> dict[str, Any]:
        found = broadstreet.production_entities(db, EntityType.PLACEMENTS, None)
        return {"entities": found, "held": broadstreet.held(db)}

    values = {"entity_type": EntityType.PLACEMENTS, "after": None, "more": True}
    return render("broadstreet/entities.html", {**around, **values, **_with(store, read)})


def _log(store: Connection, around: Mapping[str, Any]) -> str:
    lines, more = _with(store, lambda db: broadstreet_log.log(db, None, None))
    values = {"lines": lines, "more": more, "before": None, "entity_type": None}
    values |= {"entity_types": list(EntityType)}
    return render("broadstreet/log.html", {**around, **values})


def _with(store: Connection, act: Callable[[Mongo], T]) -> T:
    with mongo.connect(store) as db:
        return act(db)
