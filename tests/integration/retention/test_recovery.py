"""A restored database is older than what others have seen: what makes it safe."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from cryptography.fernet import Fernet, MultiFernet

from tests.integration.retention.conftest import Attic
from vendor_sync.ad_analytics.records import Credentials
from vendor_sync.ad_analytics.tokens import TokenStore
from vendor_sync.connections import Connection
from vendor_sync.edge_reports.flow import run_usage_rollup
from vendor_sync.postgres import connect
from vendor_sync.recovery import after_restore

pytestmark = pytest.mark.integration


def _linked(conn: psycopg.Connection[Any], vendor: str) -> int:
    """Link a store of a vendor; return its connection."""
    row = conn.execute(
        "WITH w AS (INSERT INTO analytics.workspaces (name, timezone, reporting_currency)"
        " VALUES (%s, 'UTC', 'SAR') RETURNING workspace_id)"
        " INSERT INTO analytics.connections (workspace_id, vendor, external_id, name)"
        " SELECT workspace_id, %s, 'shop', 'Shop' FROM w RETURNING connection_id",
        (f"restored {vendor}", vendor),
    ).fetchone()
    assert row
    return row[0]


def _use(conn: psycopg.Connection[Any], recorded_in: str) -> None:
    conn.execute(
        "INSERT INTO edge.promotion_usages (store_id, usage_id, company_id, promotion_id, bill_id,"
        " brand_id, discount_amount, currency, used_at, business_on, content_hash, recorded_in)"
        " VALUES (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'B',"
        " gen_random_uuid(), 1, 'IDR', now(), current_date, '', %s)",
        (recorded_in,),
    )


def test_restored_database_is_made_safe(
    attic: Attic, owned_database: Connection, database: Connection, people: Any
):
    told = people(attic.connections)
    as_owner = attic.connections | {"warehouse_postgres": owned_database}
    conn = attic.conn
    # What other tests have left.
    conn.execute("TRUNCATE analytics.workspaces, analytics.campaign_metrics CASCADE")
    conn.execute(
        "INSERT INTO edge.companies (code, name, timezone, currency)"
        " VALUES ('restored', 'R', 'UTC', 'IDR')"
    )
    epochs = dict(attic.rows("SELECT company_id, epoch FROM edge.versions"))
    with connect(database, application_name="test") as warehouse:
        tokens = TokenStore(warehouse, MultiFernet([Fernet(Fernet.generate_key())]))
        for vendor in ("salla", "shopify"):
            tokens.save(_linked(conn, vendor), Credentials(access_token="a", refresh_token="r"))
    _use(conn, "9000000000")  # the other server had counted that far
    conn.execute(
        "INSERT INTO edge.rollup_progress VALUES ('promotion_effectiveness', '9000000001', now())"
    )

    done = after_restore(as_owner.get, datetime.now(UTC))

    assert done["renew_epochs"] == len(epochs) > 0
    renewed = dict(attic.rows("SELECT company_id, epoch FROM edge.versions"))
    assert not set(renewed.items()) & set(epochs.items())
    states = dict(attic.rows("SELECT vendor, status FROM analytics.connections"))
    assert states == {"salla": "needs_reauth", "shopify": "active"}
    told.told_once("needs_reauth")
    first, second = (_roll_up(attic) for _ in range(2))
    assert (first["usages_read"], first["rows_changed"]) == (1, 1)
    assert second["rows_changed"] == 0
    assert after_restore(as_owner.get, datetime.now(UTC))["logins_asked_for"] == 0
    conn.execute("DELETE FROM edge.companies WHERE code = 'restored'")
    conn.execute("TRUNCATE analytics.workspaces, analytics.campaign_metrics CASCADE")


def _roll_up(attic: Attic) -> dict[str, Any]:
    return run_usage_rollup(
        attic.connections.get, run_id=uuid.uuid4().hex, trigger="test", params={}
    )
