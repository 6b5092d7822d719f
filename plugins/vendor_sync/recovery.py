"""What has to be done once after a backup was restored, before any flow runs.

A backup is older than what others have seen since: edges have newer versions, vendors have given
out newer tokens, Broadstreet has what was exported in between. Each of these is made safe here;
repeating it is harmless as long as nothing ran in between.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from vendor_sync import mongo
from vendor_sync.ad_analytics.alerting import needs_reauth_alert
from vendor_sync.alerts import deliver_alerts, keep_alert
from vendor_sync.broadstreet.restored import note_restore
from vendor_sync.connections import ConnectionSource, require_connection
from vendor_sync.postgres import Warehouse, connect, load_query, storage_errors

# A refresh token that was used already revokes what it led to.
SINGLE_USE = ("salla",)
_STATEMENTS = ("renew_epochs", "renumber_usages", "void_refresh_tokens", "skip_numbers")
_REASON = (
    "A backup was restored. The refresh token in it works once and may have been used since: log "
    "in again with `python -m vendor_sync store reauth` or in Sync Center."
)


def after_restore(source: ConnectionSource, now: datetime) -> dict[str, int]:
    """Make the restored databases safe to work with; return what was done, by kind.

    To be called with all flows and the edge service stopped.
    """
    warehouse = require_connection(source, "warehouse_postgres")
    done: dict[str, int] = {}
    with (
        storage_errors(),
        connect(warehouse, application_name="recovery") as conn,
        conn.transaction(),
    ):
        for name in _STATEMENTS:
            done[name] = conn.execute(load_query(f"recovery/{name}.sql")).rowcount
        done["logins_asked_for"] = _ask_for_logins(conn, source)
    store = source("broadstreet_mongo")
    if store is not None:
        with mongo.connect(store) as db:
            done["broadstreet_ids_known"] = note_restore(db, now)
    deliver_alerts(source)
    return done


def _ask_for_logins(conn: Warehouse, source: ConnectionSource) -> int:
    """Stop asking vendors whose tokens may be spent, and alert somebody to log in."""
    rows = conn.execute(
        load_query("recovery/list_single_use.sql"), {"vendors": list(SINGLE_USE)}
    ).fetchall()
    keys = [row[0] for row in rows]
    conn.execute(load_query("analytics/mark_needs_reauth.sql"), {"connection_ids": keys})
    reasons = {"connection_ids": keys, "error": _REASON}
    conn.execute(load_query("recovery/note_reasons.sql"), reasons)
    for key in keys:
        alert = needs_reauth_alert(key)
        title = f"{alert.flow}: connection {key} {alert.title}"
        keep_alert(conn, source, replace(alert, title=title, message=_REASON))
    return len(keys)
