"""Every vendor refuses everything, and quotes the whole request in its refusal: no secret stays.

What a run leaves is searched: log lines of all libraries, results, errors, tables, archived pages,
the webhook and the inbox.
"""

from __future__ import annotations

import base64
import json
import logging
import threading
import traceback
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

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


class Echo:
    """A vendor that answers every request with all of it, in body and headers."""

    def __init__(self, status: int) -> None:
        self.quoted: list[str] = []
        echo = self

        class Answers(BaseHTTPRequestHandler):
            def do_GET(self):
                length = int(self.headers.get("Content-Length") or 0)
                said = f"{self.command} {self.path} {self.headers} {self.rfile.read(length)!r}"
                echo.quoted.append(said)
                words = {"message": said, "error_user_msg": said, "code": said, "type": said}
                body = json.dumps(
                    {
                        **words, "error": words, "errors": [words], "error_description": said,
                        "request_status": "ERROR", "debug_message": said, "data": {},
                    }
                ).encode()  # fmt: skip
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Retry-After", "3600")
                self.send_header("WWW-Authenticate", quote(said[:300]))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                self.do_GET()

            def log_message(self, *_):
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture(params=STATUSES)
def echo(request):
    server = Echo(request.param)
    yield server
    server.close()


def spellings():
    """Return each secret that somebody was shown, and how else it may be written."""
    keys = [value for value in DEFAULT_KEYS.values() if len(value) > 7]
    basic = [f"{DEFAULT_KEYS['woocommerce']}:{DEFAULT_KEYS['woocommerce.secret']}"]
    packed = [base64.b64encode(pair.encode()).decode() for pair in basic]
    return [*keys, *packed]


@pytest.fixture
def company(vendors, warehouse, connections, echo, monkeypatch):
    """A business whose vendors all answer like that."""
    monkeypatch.setenv(KEYS_VARIABLE, Fernet.generate_key().decode())
    vendors.faults.clear()
    company = Company(vendors, warehouse, connections, seed=11, **SIZE)
    place = json.dumps({"base_url": echo.url, "login_url": echo.url, "accounts_url": echo.url})
    warehouse.execute("UPDATE analytics.connections SET settings = settings || %s::jsonb", [place])
    return company


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
    company, told, trackier, echo, bucket, db, caplog
):
    caplog.set_level(logging.DEBUG)
    said = [failing(company.sync)]
    asked = len(echo.quoted)
    for conn_id in ("trackier_default", "broadstreet_default"):
        password = DEFAULT_KEYS[conn_id.partition("_")[0]]
        extra = {"requests_per_second": 0, "backoff_seconds": 0.01}
        trackier.connections[conn_id] = Connection(
            conn_id=conn_id, host=echo.url, password=password, extra=extra
        )
    said.append(failing(trackier.sync))
    said.append(failing(lambda: networks(trackier)))
    company.connections["ecb_default"] = replace(company.connections["ecb_default"], host=echo.url)
    said.append(failing(company.sync_rates))
    deliver_alerts(company.connections.get)

    quoted = "".join(echo.quoted)
    assert asked
    assert {name for name in ("meta", "tiktok", "shopify", "trackier", "broadstreet")
            if DEFAULT_KEYS[name] not in quoted} == set()  # fmt: skip
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
