"""The connections tab: workspaces, their ad accounts and stores, and the forms that link them.

What a page asks of a vendor takes ten seconds at most. Secrets go from a form to the vendor and,
encrypted, into the database; no page shows one again.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from zoneinfo import available_timezones

from vendor_sync.ad_analytics.onboarding import (
    Link,
    LinkState,
    Onboarding,
    Outcome,
    list_links,
)
from vendor_sync.ad_analytics.public_addresses import require_public
from vendor_sync.ad_analytics.tokens import TokenStore, fernet_from_environment
from vendor_sync.ad_analytics.vendor_apps import vendor_app
from vendor_sync.ad_analytics.vendor_forms import read_entries, read_id
from vendor_sync.ad_analytics.vendors import VENDORS
from vendor_sync.ad_analytics.verification import CURRENCIES
from vendor_sync.ad_analytics.workspaces import (
    Workspace,
    WorkspaceSettings,
    add_workspace,
    change_workspace,
    list_workspaces,
)
from vendor_sync.connections import ConnectionSource, require_connection
from vendor_sync.errors import ConfigurationError, TemporaryError
from vendor_sync.postgres import Warehouse, connect, storage_errors
from vendor_sync.sync_center.wording import Status

FLOW = "ad_analytics_sync"
Entries = Mapping[str, Sequence[str]]
# Whose address follows from what somebody enters, where no operator has set one.
_ADDRESS_ENTERED = ("shopify", "woocommerce")
DONE = {
    "linked": "Linked. The next run of ad analytics asks for it; the first one reads 90 days.",
    "login": "The new login works, and its alert is closed.",
    "verified": "The vendor confirms it: currency and timezone are as below.",
    "disabled": "It is not asked any more. Its figures stay.",
    "enabled": "It is asked again from the next run on.",
    "saved": "Saved.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of a form: a place to go to, or something to say on the page.

    `busy` says that the vendor is down, and that saving without asking it is a way out.
    """

    said: str = ""
    lines: tuple[str, ...] = ()
    good: bool = False
    busy: bool = False
    saved: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A workspace and what is linked to it."""

    workspace: Workspace
    links: tuple[LinkState, ...]


NEW = WorkspaceSettings(name="", timezone="", currency="")


def overview(source: ConnectionSource) -> list[Place]:
    """Return all workspaces with what is linked to them."""
    with _warehouse(source) as conn:
        links = list_links(conn, tuple(VENDORS))
        return [
            Place(
                workspace=each,
                links=tuple(one for one in links if one.workspace_id == each.workspace_id),
            )
            for each in list_workspaces(conn)
        ]


def workspace(source: ConnectionSource, workspace_id: int) -> Workspace | None:
    """Return a workspace, or None if there is none of the id."""
    with _warehouse(source) as conn:
        found = list_workspaces(conn)
    return next((each for each in found if each.workspace_id == workspace_id), None)


def link(source: ConnectionSource, link_id: int) -> LinkState | None:
    """Return a linked account or store, or None if there is none of the id."""
    with _warehouse(source) as conn:
        return next(iter(list_links(conn, tuple(VENDORS), connection_id=link_id)), None)


def keys_problem() -> str | None:
    """Return why no login can be kept on this server, None if it can."""
    try:
        fernet_from_environment()
    except ConfigurationError as error:
        return f"Logins cannot be kept or read here: {error}"
    return None


def state_of(found: LinkState) -> Status:
    """Return the state of an account or store as the tab shows it."""
    if found.status == "disabled":
        return Status("Not asked", "quiet")
    if found.status == "needs_reauth":
        return Status("Needs a login", "bad")
    if found.last_error:
        return Status("Did not get through", "bad")
    if not found.verified:
        return Status("Not verified", "warn")
    return Status("Works" if found.last_success_at else "Linked", "good")


@cache
def timezones() -> list[str]:
    """Return the names to choose from; older ones for the same place can still be typed."""
    return sorted(name for name in available_timezones() if "/" in name and "posix" not in name)


def currencies() -> list[str]:
    """Return the codes to choose from."""
    return sorted(CURRENCIES)


def entered_workspace(entries: Entries) -> WorkspaceSettings:
    """Return a form as it was filled in, whether or not it can be right."""
    shown = _text(entries, "shown_model")
    further = [model for model in entries.get("models", ()) if model != shown]
    window = _text(entries, "window_days")
    return WorkspaceSettings(
        name=_text(entries, "name"),
        timezone=_text(entries, "timezone"),
        currency=_text(entries, "currency").upper(),
        models=tuple([shown, *further] if shown else further),
        window_days=int(window) if window.isdecimal() else 0,
    )


def settings_of(found: Workspace) -> WorkspaceSettings:
    """Return a workspace as its form shows it."""
    return WorkspaceSettings(
        name=found.name,
        timezone=found.timezone,
        currency=found.currency,
        models=tuple(found.models),
        window_days=found.window_days,
    )


def save_workspace(
    source: ConnectionSource, workspace_id: int | None, settings: WorkspaceSettings
) -> Answer:
    """Add a workspace (no id) or change one."""
    try:
        with _warehouse(source) as conn:
            if workspace_id is None:
                return Answer(saved=add_workspace(conn, settings))
            return Answer(saved=change_workspace(conn, workspace_id, settings))
    except ConfigurationError as error:
        return Answer(said=str(error))


def try_link(
    source: ConnectionSource, workspace_id: int, vendor: str, entries: Entries, step: str
) -> Answer:
    """Check or save a link; `step` is check, save or save_unasked."""

    def act(own: Onboarding) -> Outcome:
        entered = {name: values[0] for name, values in entries.items() if values}
        external_id, implied = read_id(vendor, entered.get("external_id", ""))
        app = vendor_app(source, vendor)
        credentials, chosen = read_entries(vendor, entered)
        known = app.settings_of(external_id)
        if vendor in _ADDRESS_ENTERED and "base_url" not in known:
            require_public(implied.get("base_url", f"https://{external_id}"))
        wanted = Link(
            workspace_id=workspace_id,
            vendor=vendor,
            external_id=external_id,
            name=entered.get("name", "").strip(),
            settings={**implied, **known, **chosen},
            credentials=app.completed(credentials),
        )
        if step == "check":
            return own.check(wanted)
        return own.add(wanted, verify=step != "save_unasked")

    return _tried(source, act)


def try_login(source: ConnectionSource, found: LinkState, entries: Entries, step: str) -> Answer:
    """Check or save a new login of a linked account or store."""

    def act(own: Onboarding) -> Outcome:
        entered = {name: values[0] for name, values in entries.items() if values}
        credentials = vendor_app(source, found.vendor).completed(
            read_entries(found.vendor, entered)[0]
        )
        if step == "check":
            return own.check_login(found.connection_id, credentials)
        return own.reauth(found.connection_id, credentials, verify=step != "save_unasked")

    return _tried(source, act)


def verify(source: ConnectionSource, link_id: int) -> Answer:
    """Ask a linked account's vendor with the stored login."""
    return _tried(source, lambda own: own.verify(link_id))


def enable(source: ConnectionSource, link_id: int) -> Answer:
    """Ask a disabled account or store again, unless its vendor refuses."""
    return _tried(source, lambda own: own.enable(link_id))


def disable(source: ConnectionSource, link_id: int) -> Answer:
    """Stop asking an account or store."""

    def act(own: Onboarding) -> Outcome:
        own.disable(link_id)
        return Outcome(connection_id=link_id)

    return _tried(source, act)


def _tried(source: ConnectionSource, act: Callable[[Onboarding], Outcome]) -> Answer:
    try:
        with _warehouse(source) as conn:
            tokens = TokenStore(conn, fernet_from_environment())
            outcome = act(Onboarding(conn, tokens, watched=True))
    except TemporaryError as error:
        return Answer(said=str(error).replace(" (--no-verify)", ""), busy=True)
    except ConfigurationError as error:
        return Answer(said=str(error))
    account = outcome.account
    said = (
        f"This login opens {account.name} ({account.external_id}): {account.currency}, "
        f"{account.timezone}. It may read what a sync reads."
        if account
        else "Saved without asking the vendor."
    )
    return Answer(said=said, lines=outcome.notes, good=True, saved=outcome.connection_id)


def _text(entries: Entries, name: str) -> str:
    return "".join(entries.get(name, ())[:1]).strip()


@contextmanager
def _warehouse(source: ConnectionSource) -> Generator[Warehouse]:
    warehouse = require_connection(source, "warehouse_postgres")
    with storage_errors(), connect(warehouse, application_name="sync_center") as conn:
        yield conn
