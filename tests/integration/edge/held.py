"""What an edge holds: the records in its database, as they were sent."""

from __future__ import annotations

from edge_grpc.client.store import TABLES


def rows_by_table(conn):
    """Return id, version and bytes of each record, in the order of ids, by table."""
    return {
        table: conn.execute(f"SELECT id, version, body FROM {table} ORDER BY id").fetchall()
        for table in TABLES.values()
    }


def contents(conn):
    """Return version and bytes by kind and id."""
    return {
        (kind, record_id): (version, body)
        for kind, table in TABLES.items()
        for record_id, version, body in conn.execute(f"SELECT id, version, body FROM {table}")
    }
