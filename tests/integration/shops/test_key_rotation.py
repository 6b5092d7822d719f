"""Keys are exchanged while tokens are read and renewed, and the exchange is killed on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import uuid

import msgspec
import pytest
from cryptography.fernet import Fernet, MultiFernet

from tests.environment import connection_variables
from tests.integration.shops.salla_store import CREDENTIALS, STORE, make_shop
from vendor_sync.ad_analytics.shops import salla
from vendor_sync.ad_analytics.tokens import KEYS_VARIABLE, TokenStore
from vendor_sync.postgres import connect

pytestmark = pytest.mark.integration
OLD, NEW = Fernet.generate_key(), Fernet.generate_key()
LINKED = 400


def cipher(*keys: bytes) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


@pytest.fixture
def linked(owned_database):
    """Stores whose credentials are encrypted with the old key; the first is Salla's."""
    name, old = uuid.uuid4().hex, cipher(OLD)
    with connect(owned_database, application_name="test") as conn:
        conn.execute("TRUNCATE analytics.workspaces, analytics.campaign_metrics CASCADE")
        [(workspace,)] = conn.execute(
            "INSERT INTO analytics.workspaces (name, timezone, reporting_currency)"
            " VALUES (%s, 'UTC', 'SAR') RETURNING workspace_id",
            [name],
        ).fetchall()
        rows = [
            (workspace, "salla", f"{name}-{number}", old.encrypt(msgspec.json.encode(CREDENTIALS)))
            for number in range(LINKED)
        ]
        insert = (
            "INSERT INTO analytics.connections (workspace_id, vendor, external_id, name,"
            " credentials) VALUES (%s, %s, %s, 'Demo', %s)"
        )
        with conn.transaction():
            conn.cursor().executemany(insert, rows)
        keys = conn.execute("SELECT connection_id FROM analytics.connections ORDER BY 1").fetchall()
        yield [row[0] for row in keys]
        conn.execute("TRUNCATE analytics.workspaces, analytics.campaign_metrics CASCADE")


def rotate(database, *keys: bytes) -> subprocess.Popen[str]:
    known = connection_variables({"warehouse_postgres": database})
    known[KEYS_VARIABLE] = ",".join(key.decode() for key in keys)
    command = [sys.executable, "-m", "vendor_sync", "keys", "rotate"]
    return subprocess.Popen(
        command, env=os.environ | known, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def under(database, *keys: bytes) -> int:
    """Count the credentials that these keys alone decrypt."""
    known, found = cipher(*keys), 0
    with connect(database, application_name="test") as conn:
        rows = conn.execute("SELECT credentials FROM analytics.connections").fetchall()
    for (stored,) in rows:
        try:
            known.decrypt(bytes(stored))
        except Exception:  # noqa: BLE001, S112 - whatever it is, it is not readable
            continue
        found += 1
    return found


class Load:
    """Workers that read all credentials, and one that renews the store's token again and again."""

    def __init__(self, database, linked, shop):
        self._database, self._linked, self._shop = database, linked, shop
        self.errors: list[Exception] = []
        self.renewed = self.read = 0
        self.last = CREDENTIALS
        self._stop = threading.Event()
        work = (self._renew, self._read, self._read)
        self._threads = [threading.Thread(target=self._run, args=(each,)) for each in work]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self, work):
        try:
            with connect(self._database, application_name="test") as conn:
                store = TokenStore(conn, cipher(NEW, OLD))
                while not self._stop.is_set():
                    work(store)
        except Exception as error:  # noqa: BLE001 - the test says which
            self.errors.append(error)

    def _renew(self, store):
        def refresher(current):
            return salla.refresh_credentials(self._shop.connection, current, self._shop.wire)

        self.last = store.refresh(self._linked[-1], self.last, refresher)
        self.renewed += 1

    def _read(self, store):
        for number in self._linked[::50]:
            store.load(number)
            self.read += 1


def test_keys_are_exchanged_under_load_and_the_exchange_is_killed(
    open_shop, vendors, database, linked
):
    shop = make_shop(open_shop, vendors)
    with Load(database, linked, shop) as load:
        killed = rotate(database, NEW, OLD)
        deadline = time.monotonic() + 60
        while killed.poll() is None and under(database, NEW) < LINKED // 10:
            assert time.monotonic() < deadline
        killed.send_signal(signal.SIGKILL)
        killed.communicate()
        amid = under(database, NEW)
        again = rotate(database, NEW, OLD)
        said, _ = again.communicate(timeout=60)

    assert load.errors == []
    assert 1 < amid < LINKED
    assert again.returncode == 0
    assert str(LINKED) in said
    assert under(database, NEW) == LINKED  # the old key may be dropped
    [row] = [each for each in vendors._lines("salla/renewals") if each["store"] == STORE]
    assert (row["renewals"], row["revoked"]) == (load.renewed, False)
    with connect(database, application_name="test") as conn:
        assert TokenStore(conn, cipher(NEW)).load(linked[-1]) == load.last
    assert load.renewed > 1
    assert load.read > len(linked[::50])


@pytest.mark.usefixtures("linked")
def test_key_that_is_still_needed_is_told_before_it_is_dropped(database):
    early = rotate(database, NEW)
    _, said = early.communicate(timeout=60)

    assert early.returncode == 78
    assert "that key back" in said
    assert under(database, OLD) == LINKED
