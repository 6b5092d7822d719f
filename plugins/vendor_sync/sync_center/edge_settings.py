"""What a company sends to its stores: the settings, what others would change, and who changed them.

A preview asks the function that decides what a sync sends (`edge.is_sent`), on what is published.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from psycopg import errors as pg

from vendor_sync.connections import ConnectionSource
from vendor_sync.errors import SyncError
from vendor_sync.sync_center import forms
from vendor_sync.sync_center.forms import Field
from vendor_sync.sync_center.queries import Ops, Row
from vendor_sync.sync_center.wording import humane, setting

SHOWN_STORES, SHOWN_CHANGES, SHOWN_NAMES = 50, 10, 20
LAST_CHANGE = "last_change"
# The ranges are those of edge.promotion_sync_settings, whose constraints have the last word.
_PARAMS: Mapping[str, Mapping[str, Any]] = {
    "sync_strategy": {
        "schema": {"type": "string", "enum": ["current_only", "include_future", "all_active"],
                   "title": "Which promotions"},
        "description": "Current only: those of today, in the store's own day. Include future: also"
        " those of the days below. All active: without regard to the day.",
    },
    "future_days": {
        "schema": {"type": "integer", "minimum": 0, "maximum": 90, "title": "Days ahead"},
        "description": "With Include future: how many days before its first day a promotion is"
        " sent, 0 to 90.",
    },
    "past_days": {
        "schema": {"type": "integer", "minimum": 0, "maximum": 30, "title": "Days back"},
        "description": "With Include future: how many days after its last day a promotion stays,"
        " 0 to 30.",
    },
    "max_promotions_per_sync": {
        "schema": {"type": "integer", "minimum": 10, "maximum": 500, "title": "Promotions a page"},
        "description": "How many travel at once, 10 to 500; no limit to how many a store has.",
    },
    "sync_interval_hours": {
        "schema": {"type": "integer", "minimum": 1, "maximum": 24, "title": "Hours between syncs"},
        "description": "At the latest; an edge that is connected syncs as soon as something"
        " changes. 1 to 24.",
    },
    "include_inactive": {
        "schema": {"type": "boolean", "title": "Also promotions that are switched off"},
    },
    "auto_sync_enabled": {
        "schema": {"type": "boolean", "title": "Stores sync by themselves"},
        "description": "Off: they sync only when somebody there asks.",
    },
    "enable_compression": {"schema": {"type": "boolean", "title": "Compress what is sent"}},
}  # fmt: skip
NAMES = tuple(_PARAMS)
TITLES: Mapping[str, str] = {name: str(param["schema"]["title"]) for name, param in _PARAMS.items()}
_DECISIVE = ("sync_strategy", "future_days", "past_days", "include_inactive")


class SettingsChangedError(SyncError):
    """Somebody else has changed the settings since they were read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change that was made: (setting, before, after) in words."""

    row: Row
    what: Sequence[tuple[str, str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A store with what it is sent now, and would be; `pages` of each."""

    row: Row
    pages: int
    pages_then: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What other settings would do: a page of stores, and by name what moves for one of them."""

    stores: Sequence[Sent]
    more: bool
    store: Row | None
    come: Sequence[Row]
    go: Sequence[Row]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A company's settings as they are, and their last changes."""

    company: Row
    settings: Mapping[str, Any]
    changes: Sequence[Change]
    stores: Sequence[Row]

    @property
    def is_behind(self) -> bool:
        """Whether the edge server has not yet taken up everything that head office has."""
        row = self.company
        return row["has_marks"] or row["version"] != row["published_version"]


def held(source: ConnectionSource, company_id: str) -> Held | None:
    """Return a company's settings, None where there is no such company."""
    own = {"company_id": company_id}
    found = Ops(source).many(
        {
            "get_edge_settings": own,
            "list_settings_changes": own | {"at_most": SHOWN_CHANGES},
            "list_edge_store_names": own,
        }
    )
    if not found["get_edge_settings"]:
        return None
    company = found["get_edge_settings"][0]
    return Held(
        company=company,
        settings={name: company[name] for name in NAMES},
        changes=[_change(row) for row in found["list_settings_changes"]],
        stores=found["list_edge_store_names"],
    )


def fields(
    settings: Mapping[str, Any],
    entered: Mapping[str, Sequence[str]] | None = None,
    problems: Mapping[str, str] | None = None,
) -> list[Field]:
    """Return the form: the settings as they are, or what was entered, beside what is so now."""
    found = forms.fields(_with(settings), entered, problems)
    if entered is None:
        return found
    return [_beside(field, settings[field.name]) for field in found]


def read(
    settings: Mapping[str, Any], entered: Mapping[str, Sequence[str]]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the settings that were entered, and what is wrong with them by their names."""
    return forms.checked(_with(settings), entered)


def preview(
    source: ConnectionSource, now: Held, wanted: Mapping[str, Any], store_id: str, after: str
) -> Preview:
    """Tell what stores would be sent with `wanted`, from behind a store's code; changes nothing.

    `store_id` is the store whose promotions are named; the first one where it is none of theirs.
    """
    store = next((row for row in now.stores if row["store_id"] == store_id), None)
    store = store or next(iter(now.stores), None)
    asked = {name: wanted[name] for name in _DECISIVE} | {"company_id": now.company["company_id"]}
    queries: dict[str, dict[str, Any]] = {
        "preview_edge_settings": asked | {"after": after, "at_most": SHOWN_STORES + 1}
    }
    if store:
        named = asked | {"store_id": store["store_id"], "at_most": SHOWN_NAMES}
        queries["list_previewed_promotions"] = named
    found = Ops(source).many(queries)
    rows, moved = found["preview_edge_settings"], found.get("list_previewed_promotions", [])
    return Preview(
        stores=[_sent(row, now.settings, wanted) for row in rows[:SHOWN_STORES]],
        more=len(rows) > SHOWN_STORES,
        store=store,
        come=[row for row in moved if row["comes"]],
        go=[row for row in moved if not row["comes"]],
    )


def _sent(row: Row, now: Mapping[str, Any], wanted: Mapping[str, Any]) -> Sent:
    page, page_then = now["max_promotions_per_sync"], wanted["max_promotions_per_sync"]
    return Sent(
        row=row,
        pages=-(-row["promotions"] // page),
        pages_then=-(-row["promotions_then"] // page_then),
    )


def save(
    source: ConnectionSource, company_id: str, wanted: Mapping[str, Any], last_change: int, who: str
) -> None:
    """Change the settings; edges learn of it at once, as of any change of head office's tables.

    Raises SettingsChangedError where somebody else changed them after `last_change`, and FormError
    where the database refuses a value.
    """
    own = {"company_id": company_id}
    try:
        found = Ops(source).many(
            {
                "lock_edge_settings": own | {"author": f"{who} in Sync Center"},
                "save_edge_settings": own | {LAST_CHANGE: last_change} | dict(wanted),
            }
        )
    except (pg.CheckViolation, pg.NumericValueOutOfRange) as error:
        message = f"The database refuses this: {error.diag.message_primary}."
        raise forms.FormError(message) from None
    if not found["save_edge_settings"]:
        message = (
            "Somebody else has changed these settings meanwhile, so nothing was saved. What holds"
            " now stands beside each field; save again to put yours in its place."
        )
        raise SettingsChangedError(message)


def _with(settings: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: {**param, "value": settings[name]} for name, param in _PARAMS.items()}


def _beside(field: Field, value: object) -> Field:
    now = "yes" if value is True else "" if value is False else str(value)
    entered = ("yes" if field.value else "") if field.kind == "flag" else str(field.value)
    return field if now == entered else replace(field, beside=f"Now: {setting(value)}.")


def _change(row: Row) -> Change:
    before, after = row["settings_before"], row["settings_after"]
    what = [
        (TITLES.get(name) or humane(name), setting(before[name]), setting(after[name]))
        for name in sorted(before)
    ]
    return Change(row=row, what=what)
