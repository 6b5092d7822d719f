"""Brings a database to the newest schema: forward-only SQL files, applied in order, each once."""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
from __future__ import annotations

import logging
from pathlib import Path
from urllib.parse import quote

from vendor_sync.connections import Connection
from vendor_sync.errors import ConfigurationError
from vendor_sync.postgres import connect, load_query

logger = logging.getLogger(__name__)
SQL_ROOT = Path(__file__).resolve().parents[2] / "sql"


def migrate(connection: Connection) -> list[str]:
    """Apply the pending files of `sql/migrations` under the library's lock; return their names.

    Then each role gets what sql/roles/grants.sql says, on the new tables too.
    """
    import yoyo  # noqa: PLC0415 - only this command needs it

    _require_owner(connection)
    backend = yoyo.get_backend(_yoyo_url(connection), migration_table="schema_migrations")
    migrations = yoyo.read_migrations(str(SQL_ROOT / "migrations"))
    try:
        with backend.lock():
            pending = backend.to_apply(migrations)
            names = [migration.id for migration in pending]
            backend.apply_migrations(pending)
    finally:
        backend.connection.close()
    logger.info("applied %d migrations: %s", len(names), ", ".join(names) or "none pending")
    with connect(connection, application_name="vendor_sync_migrate") as conn:
        # Roles are made by an operator, once (sql/roles/create.sql); where there are none yet, all
        # work as the owner.
        if conn.execute(load_query("ops/has_roles.sql")).fetchone() == (True,):
            conn.execute((SQL_ROOT / "roles" / "grants.sql").read_bytes())
    return names


def _require_owner(connection: Connection) -> None:
    """Connect, which says what is wrong with the connection; refuse a role that only works here."""
    with connect(connection, application_name="vendor_sync_migrate") as conn:
        if conn.execute(load_query("ops/may_migrate.sql")).fetchone() != (True,):
            message = (
                f"Role '{connection.login}' may not change the schema: set "
                "AIRFLOW_CONN_WAREHOUSE_OWNER to a connection of the tables' owner."
            )
            raise ConfigurationError(message)


def _yoyo_url(connection: Connection) -> str:
    login = quote(connection.login or "", safe="")
    password = quote(connection.password or "", safe="")
    port = connection.port or 5432
    where = f"{connection.host}:{port}/{connection.schema}"
    sslmode = quote(str(connection.extra.get("sslmode", "prefer")), safe="")
    return f"postgresql+psycopg://{login}:{password}@{where}?sslmode={sslmode}"
