"""Connections from Airflow's own stores (environment, secrets backend, metadata database)."""

from __future__ import annotations

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

from vendor_sync.connections import Connection, connection_from_fields


def connection_from_airflow(conn_id: str) -> Connection | None:
    """Return the connection as Airflow resolves it, or None if it is defined nowhere."""
    try:
        found = BaseHook.get_connection(conn_id)
    except AirflowNotFoundException:
        return None
    names = ("conn_type", "host", "port", "login", "password", "schema", "extra")
    fields = {name: getattr(found, name) for name in names}
    return connection_from_fields(conn_id, fields)
