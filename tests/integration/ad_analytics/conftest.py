"""A workspace with ad accounts and stores in an empty warehouse of real PostgreSQL."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.integration.ad_analytics.world import World
from vendor_sync.ad_analytics.records import SourceConnection
from vendor_sync.connections import connection_from_environment
from vendor_sync.postgres import connect

# Few rows are deleted faster than so many tables are truncated; the pegs came with the schema.
_EMPTY = """
DO $$ DECLARE name text; BEGIN
    SET LOCAL session_replication_role = replica;
    FOR name IN
        SELECT tablename FROM pg_tables WHERE schemaname = 'analytics' AND tablename <> 'fx_pegs'
    LOOP
        EXECUTE format('DELETE FROM analytics.%I', name);
    END LOOP;
END $$
"""


@pytest.fixture
def warehouse(owned_database):
    """A connection like the flow's, but its owner's, to an empty analytics schema.

    Flows of `connections` have their own role.
    """
    with connect(owned_database, application_name="test") as conn:
        conn.execute(_EMPTY)
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


@pytest.fixture
def world(warehouse, add_workspace, add_connection):
    """A workspace with a Meta, a TikTok and a Snapchat account, and a Shopify store."""
    workspace_id = add_workspace(attribution_models=["last_click"])
    accounts = {
        platform: add_connection(workspace_id, platform, f"{platform}-account")
        for platform in ("meta", "tiktok", "snapchat")
    }
    store = SourceConnection(
        connection_id=add_connection(workspace_id, "shopify", "demo.example"),
        workspace_id=workspace_id,
        vendor="shopify",
        external_id="demo.example",
        name="demo",
        currency="SAR",
        timezone="Asia/Riyadh",
        settings={},
    )
    return World(warehouse, workspace_id, accounts, store)


@pytest.fixture
def connections(database, db, bucket, worker):
    """Where the flow's servers are; `db` empties the runs of the test before."""
    del db
    audit = connection_from_environment("audit_s3")
    redis = connection_from_environment("analytics_redis")
    assert audit is not None
    assert redis is not None
    return {
        "warehouse_postgres": database,
        "audit_s3": replace(audit, extra={**audit.extra, "bucket": bucket.name}),
        "analytics_redis": replace(redis, extra={"db": worker + 1}),
    }
