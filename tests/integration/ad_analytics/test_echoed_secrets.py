"""Every vendor refuses everything, and quotes the whole request in its refusal: no secret stays.

What a run leaves is searched: log lines of all libraries, results, errors, tables, archived pages,
the webhook and the inbox.
"""

from __future__ import annotations

import base64
import json
import logging
import traceback

import pytest
from cryptography.fernet import Fernet

from sandbox.vendors.control import DEFAULT_KEYS
from tests.integration.ad_analytics.company import Company
from vendor_sync.ad_analytics.tokens import KEYS_VARIABLE
from vendor_sync.alerts import deliver_alerts
from vendor_sync.broadstreet.account import open_client
from vendor_sync.connections import Connection
from vendor_sync.errors import SyncError
from vendor_sync.rest_client import Usage

pytestmark = pytest.mark.integration
SIZE = {
    "workspaces": 1, "campaigns": 1, "orders": 1, "start": "2026-03-01",
    "now": "2026-03-20T10:00:00+00:00",
}  # fmt: skip
STATUSES = (200, 400, 401, 429, 500)
TABLES = (
    "SELECT schemaname || '.' || tablename FROM pg_tables"
    " WHERE schemaname IN ('affiliate', 'analytics', 'ops')"
)


VENDORS = (
    "meta", "tiktok", "snapchat", "shopify", "woocommerce", "salla", "zid", "trackier",
    "broadstreet", "fx",
)  # fmt: skip


def spellings():
    """Return each secret that somebody was shown, and how else it may be written."""
    keys = [value for value in DEFAULT_KEYS.values() if len(value) > 7]
    basic = [f"{DEFAULT_KEYS['woocommerce']}:{DEFAULT_KEYS['woocommerce.secret']}"]
    packed = [base64.b64encode(pair.encode()).decode() for pair in basic]
    return [*keys, *packed]


@pytest.fixture
def company(vendors, warehouse, connections, monkeypatch):
    """A business whose vendors still answer."""
    monkeypatch.setenv(KEYS_VARIABLE, Fernet.generate_key().decode())
    vendors.faults.clear()
    return Company(vendors, warehouse, connections, seed=11, **SIZE)


@pytest.fixture(params=STATUSES)
def quoting(request, company):
    """Rules by which every vendor quotes each request, and refuses it with a status."""
    faults = company.vendors.faults
    rules = {name: faults.add("quoting", name, status=request.param) for name in VENDORS}
    yield rules
    faults.clear()


@pytest.fixture
def told(company, people):
    """The webhook and the inbox of those who are on call."""
    return people(company.connections)


def left_in_tables(db):
    for (table,) in db.execute(TABLES).fetchall():
        for (row,) in db.execute(f"SELECT to_jsonb(t)::text FROM {table} AS t").fetchall():
            yield f"{table}: {row}"


def failing(act):
    """Return what a run said, and every word of how it failed."""
    try:
        return json.dumps(act(), default=str)
    except SyncError as error:
        return f"{error!r} {error} {''.join(traceback.format_exception(error))}"


def test_no_secret_of_a_request_is_left_where_anybody_looks(  # noqa: PLR0913, PLR0917 - servers
    company, told, trackier, quoting, vendors, bucket, db, caplog
):
    caplog.set_level(logging.DEBUG)
    said = [failing(company.sync)]
    for conn_id in ("trackier_default", "broadstreet_default"):
        vendor = conn_id.partition("_")[0]
        trackier.connections[conn_id] = Connection(
            conn_id=conn_id,
            host=vendors.vendor_url(vendor),
            password=DEFAULT_KEYS[vendor],
            extra={"requests_per_second": 0, "backoff_seconds": 0.01},
        )
    said.append(failing(trackier.sync))
    said.append(failing(lambda: networks(trackier)))
    said.append(failing(company.sync_rates))
    deliver_alerts(company.connections.get)

    assert {name for name, rule in quoting.items() if vendors.faults.fired(rule) == 0} == set()
    places = {
        "results and errors": said,
        "log": [caplog.text, *(str(record.__dict__) for record in caplog.records)],
        "tables": list(left_in_tables(db)),
        "archive": [str(bucket.read(key)) for key in bucket.keys()],  # noqa: SIM118
        "webhook": [str(told.posts())],
        "mails": told.mails(),
    }
    assert places["tables"]
    assert not [
        (name, secret, text[max(0, text.find(secret) - 200) : text.find(secret) + 80])
        for name, texts in places.items()
        for text in texts
        for secret in spellings()
        if secret in text
    ]


def networks(world):
    with open_client(world.connections.get, usage=Usage(), on_degraded=print) as client:
        return client.list_networks()
