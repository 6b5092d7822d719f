"""A workspace with ad accounts and stores in an empty warehouse of real PostgreSQL."""

from __future__ import annotations

import pytest

from vendor_sync.postgres import connect


@pytest.fixture
def warehouse(database, db):  # noqa: ARG001 - db empties the database
    """A connection as the flow opens it, to the emptied warehouse."""
    with connect(database, application_name="test") as conn:
        yield conn


@pytest.fixture
def add_workspace(warehouse):
    """A function that adds a workspace and returns its id."""

    def add(name="Acme", timezone="Asia/Riyadh", currency="SAR", **columns):
        names = ["name", "timezone", "reporting_currency", *columns]
        row = warehouse.execute(
            f"INSERT INTO analytics.workspaces ({', '.join(names)})"
            f" VALUES ({', '.join(['%s'] * len(names))}) RETURNING workspace_id",
            [name, timezone, currency, *columns.values()],
        ).fetchone()
        return row[0]

    return add


@pytest.fixture
def add_connection(warehouse):
    """A function that links an ad account or a store and returns its id."""

    def add(workspace_id, vendor="meta", external_id="1", currency="SAR", timezone="Asia/Riyadh"):
        row = warehouse.execute(
            "INSERT INTO analytics.connections"
            " (workspace_id, vendor, external_id, name, currency, timezone)"
            " VALUES (%s, %s, %s, %s, %s, %s) RETURNING connection_id",
            [workspace_id, vendor, external_id, f"{vendor} {external_id}", currency, timezone],
        ).fetchone()
        return row[0]

    return add
