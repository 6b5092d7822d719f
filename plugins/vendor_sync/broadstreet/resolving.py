"""A person's word where an export could not tell which entity in Broadstreet is ours."""

from __future__ import annotations

from datetime import UTC, datetime

from bson import ObjectId

from vendor_sync import alerts, mongo
from vendor_sync.broadstreet import journal as states
from vendor_sync.broadstreet import schema
from vendor_sync.broadstreet.account import open_client
from vendor_sync.broadstreet.export_alerts import undecided
from vendor_sync.broadstreet.export_flow import FLOW
from vendor_sync.broadstreet.export_store import ExportStore
from vendor_sync.broadstreet.journal import Intent, Journal
from vendor_sync.broadstreet.scopes import Listed, Scopes
from vendor_sync.connections import ConnectionSource, require_connection
from vendor_sync.errors import ConfigurationError
from vendor_sync.mongo import Mongo
from vendor_sync.postgres import connect, lock_flow, storage_errors
from vendor_sync.rest_client import Usage

_WAIT_SECONDS = 60


def resolve(
    source: ConnectionSource, local_id: str, *, adopt: int | None, create_again: bool
) -> str:
    """Take a stopped entity up again: as this Broadstreet id, or to be created once more.

    Return what happens next. Raises ConfigurationError where that makes no sense, LockedError
    while an import or an export is at work.
    """
    if (adopt is None) is not create_again:
        message = "Say either which id it is (--adopt ID), or --create-again."
        raise ConfigurationError(message)
    warehouse = require_connection(source, "warehouse_postgres")
    store = require_connection(source, "broadstreet_mongo")
    with storage_errors(), connect(warehouse, application_name="broadstreet_resolve") as conn:
        lock_flow(conn, schema.EXCLUSIVE_LOCK, wait_seconds=_WAIT_SECONDS)
        with mongo.connect(store) as db:
            journal = Journal(db)
            intent = _stopped(journal, local_id)
            said = _resolve(source, db, journal, intent, adopt)
            alerts.resolve(conn, [undecided(FLOW, intent.run_id, intent)])
    return said


def _stopped(journal: Journal, local_id: str) -> Intent:
    intent = journal.get(local_id) if ObjectId.is_valid(local_id) else None
    if intent is None or intent.status != states.STOPPED:
        message = f"{local_id} does not wait for a person; lists of local entities show which do."
        raise ConfigurationError(message)
    return intent


def _resolve(
    source: ConnectionSource, db: Mongo, journal: Journal, intent: Intent, adopt: int | None
) -> str:
    local_id = intent.local_id
    with open_client(source, usage=Usage(), on_degraded=lambda _: None) as client:
        scopes = Scopes(client, journal, ExportStore(db).network_of)
        listed = scopes.again(intent.entity_type, intent.references)
    now = datetime.now(UTC)
    if adopt is None:
        # What is there now is nobody's: the next attempt does not look at it.
        journal.note(local_id, states.ABSENT, now, snapshot=listed.snapshot)
        return f"{local_id} is created again by the next export."
    _check(journal, intent, listed, adopt)
    journal.note(local_id, states.CREATED, now, broadstreet_id=adopt, item=None)
    return f"{local_id} is {adopt} in Broadstreet; the next export moves it to production."


def _check(journal: Journal, intent: Intent, listed: Listed, adopt: int) -> None:
    if adopt not in {record.key for record in listed.records}:
        message = f"Broadstreet lists no {intent.entity_type.singular} {adopt} in {intent.scope}."
        raise ConfigurationError(message)
    if journal.owned(intent.entity_type, [adopt], intent.local_id):
        message = f"{intent.entity_type.singular} {adopt} is another local entity's already."
        raise ConfigurationError(message)
