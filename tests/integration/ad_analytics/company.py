"""A business of the seeded world: all its accounts and stores linked, and the flow run for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from sandbox.vendors.ad_world.click_log import click_log_lines
from sandbox.vendors.ad_world.fx import MANUAL
from sandbox.vendors.ad_world.places import Account, Store, Workspace
from sandbox.vendors.ad_world.world import Settings, World
from sandbox.vendors.control import (
    DEFAULT_KEYS,
    SHOP_APP_ID,
    SNAPCHAT_CLIENT_ID,
    VendorSandbox,
)
from tests.environment import connection_variables
from vendor_sync.ad_analytics import fx_flow
from vendor_sync.ad_analytics.click_log import load_new_clicks
from vendor_sync.ad_analytics.records import Credentials
from vendor_sync.ad_analytics.tokens import TokenStore, fernet_from_environment
from vendor_sync.ad_analytics.whole_run import run_sync
from vendor_sync.connections import Connection
from vendor_sync.postgres import Warehouse

CLICK_PREFIX = "click-log"
MODELS = ["last_click", "first_click", "linear", "position_based", "time_decay"]
# The app that the sandbox's Snapchat knows.
_APP = {"client_id": SNAPCHAT_CLIENT_ID, "client_secret": f"secret-{DEFAULT_KEYS['snapchat']}"}


class Books:
    """A world, and where the product keeps what it has of it: ids of the world's places."""

    world: World
    conn: Warehouse
    connections: dict[str, Connection]
    workspaces: Mapping[int, int]
    accounts: Mapping[Account, int]
    stores: Mapping[Store, int]

    def rows(self, query: str, *params: Any) -> list[tuple[Any, ...]]:
        return self.conn.execute(query, params).fetchall()  # pyright: ignore[reportArgumentType]

    def value(self, query: str, *params: Any) -> Any:
        return self.rows(query, *params)[0][0]

    def orders(self) -> Iterator[Any]:
        """The world's orders of the first sync's range and since."""
        for store in self.stores:
            yield from self.world.orders(store, self.world.start, self.world.now.date())


class Company(Books):
    """The world's workspaces in the warehouse; `world` is this process's own copy of it."""

    def __init__(
        self,
        vendors: VendorSandbox,
        conn: Warehouse,
        connections: dict[str, Connection],
        *,
        seed: int,
        meta: dict[str, Any] | None = None,
        **size: Any,
    ) -> None:
        vendors.reset(seed, ad_world=size, shopify={"restore": 4000}, meta=meta or {})
        vendors.clear_requests()
        self.vendors = vendors
        self.conn = conn
        self.connections = dict(connections)
        self.connections["ecb_default"] = Connection(
            conn_id="ecb_default", conn_type="http", host=vendors.vendor_url("fx")
        )
        self.world = World(seed, Settings(**size))
        self.tokens = TokenStore(conn, fernet_from_environment())
        self.workspaces = {w.index: self._workspace(w) for w in self.world.workspaces}
        self.accounts = {account: self._link_account(account) for account in self.world.accounts}
        self.stores = {store: self._link_store(store) for store in self.world.stores}

    # Linking.

    def _workspace(self, workspace: Workspace) -> int:
        return self.value(
            "INSERT INTO analytics.workspaces"
            " (name, timezone, reporting_currency, attribution_models)"
            " VALUES (%s, %s, %s, %s) RETURNING workspace_id",
            workspace.name, workspace.timezone, workspace.currency, MODELS,
        )  # fmt: skip

    def _link_account(self, account: Account) -> int:
        url = self.vendors.vendor_url(account.platform)
        return self._link(
            account.workspace, account.platform, account.account_id, base_url=url, login_url=url
        )

    def _link_store(self, store: Store) -> int:
        kind, host = store.kind, store.host
        url = self.vendors.vendor_url(kind)
        paths = {"shopify": f"/{host}", "woocommerce": f"/{host}", "salla": "/admin/v2"}
        return self._link(
            store.workspace, kind, host, base_url=url + paths.get(kind, ""), accounts_url=url
        )

    def _link(self, workspace: Workspace, vendor: str, external_id: str, **settings: str) -> int:
        settings |= {"requests_per_second": "0", "backoff_seconds": "0.01", "read_seconds": "2"}
        key = self.value(
            "INSERT INTO analytics.connections (workspace_id, vendor, external_id, name, settings)"
            " VALUES (%s, %s, %s, %s, %s) RETURNING connection_id",
            self.workspaces[workspace.index], vendor, external_id, external_id,
            json.dumps(settings),
        )  # fmt: skip
        self.tokens.save(key, first_credentials(vendor, external_id))
        return key

    # Acting.

    def sync(self, run_id: str = "r1", **params: Any) -> dict[str, Any]:
        """Run the flow as the command line does, at the world's clock."""
        return run_sync(
            self.connections.get,
            run_id=run_id,
            trigger="test",
            params=params,
            clock=lambda: self.world.now,
        )

    def start_sync(self, run_id: str, **params: Any) -> subprocess.Popen[bytes]:
        """Start a run in a process of its own (`sync_process`), at the world's clock."""
        command = [sys.executable, "-m", "tests.integration.ad_analytics.sync_process", run_id]
        return subprocess.Popen(
            [*command, self.world.now.isoformat(), json.dumps(params)],
            env={**os.environ, **self.environment()},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def start_command(self, *words: str, credentials: Credentials) -> subprocess.Popen[bytes]:
        """Start `python -m vendor_sync ...` with a login for it."""
        secret = {"VENDOR_SYNC_CREDENTIALS": msgspec.json.encode(credentials).decode()}
        return subprocess.Popen(
            [sys.executable, "-m", "vendor_sync", *words],
            env={**os.environ, **self.environment(), **secret},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def until(self, is_so: Callable[[], object], seconds: float = 30) -> None:
        """Wait until something is so; fail if that takes too long."""
        end = time.monotonic() + seconds
        while not is_so():
            assert time.monotonic() < end
            time.sleep(0.02)

    def environment(self) -> dict[str, str]:
        """Return the connections as environment variables, for a process of its own."""
        return connection_variables(self.connections)

    def set_now(self, at: datetime | str) -> None:
        text = at if isinstance(at, str) else at.isoformat()
        self.world.set_now(text)
        self.vendors.change("ad_world", "set_now", at=text)

    def load_rates(self, folder: Any, *, days: int = 0) -> None:
        """Read the bank's rates; and those of an operator's file, for so many days to come too."""
        file = folder / "rates.csv"
        first = self.world.start - timedelta(days=8)
        last = self.world.now.date() + timedelta(days=days)
        lines = ["day,base_currency,quote_currency,rate"]
        for number in range((last - first).days + 1):
            day = first + timedelta(days=number)
            lines += [f"{day},USD,{currency},{rate}" for currency, rate in MANUAL.items()]
        file.write_text("\n".join(lines))
        fx_flow.load_rates(self.connections.get, file, run_id=f"manual-{self.world.now}")
        self.sync_rates()

    def sync_rates(self) -> dict[str, Any]:
        return fx_flow.sync_rates(
            self.connections.get,
            run_id=f"fx-{self.world.now.isoformat()}",
            trigger="test",
            clock=lambda: self.world.now,
        )

    def log_clicks(self, bucket: Any, since: date) -> None:
        """Let the stores' snippets write what they saw since the day, and load it."""
        audit = self.connections["audit_s3"]
        log = replace(
            audit,
            conn_id="click_log_s3",
            extra={**audit.extra, "bucket": bucket.name, "prefix": CLICK_PREFIX},
        )
        self.connections["click_log_s3"] = log
        files: dict[str, list[bytes]] = {}
        for store in self.stores:
            for line in click_log_lines(
                self.world,
                store,
                workspace_id=self.workspaces[store.workspace.index],
                external_id=store.host,
                first=since,
                last=self.world.now.date(),
            ):
                day = datetime.fromisoformat(line["occurred_at"])
                files.setdefault(f"{day:%Y/%m/%d}", []).append(json.dumps(line).encode())
        for day, lines in files.items():
            key = f"{CLICK_PREFIX}/{day}/snippets.jsonl"
            bucket.client.put_object(Bucket=bucket.name, Key=key, Body=b"\n".join(lines) + b"\n")
        refused: list[Any] = []
        load_new_clicks(self.conn, log, now=self.world.now, keep_rejects=refused.extend)
        assert refused == []

    def log_in_again(self) -> int:
        """Do what a person does for connections whose token cannot be renewed; return how many."""
        rows = self.rows(
            "SELECT connection_id, vendor, external_id FROM analytics.connections"
            " WHERE status = 'needs_reauth'"
        )
        for key, vendor, external_id in rows:
            credentials = first_credentials(vendor, external_id)
            if vendor == "salla":  # whose owner installs the app again
                pair = self.vendors.change("salla", "install", store=external_id)
                credentials = msgspec.structs.replace(credentials, **pair)
            self.tokens.save(key, credentials)
        return len(rows)


def first_credentials(
    vendor: str, external_id: str, keys: Mapping[str, str] = DEFAULT_KEYS
) -> Credentials:
    """Return what a person has after logging in."""
    key = keys[vendor]
    if vendor == "woocommerce":
        secret = {"consumer_secret": keys["woocommerce.secret"]}
        return Credentials(access_token=key, extra=secret)
    if vendor == "snapchat":
        return Credentials(access_token=key, refresh_token=f"refresh-{key}", extra=_APP)
    client = {"client_id": SHOP_APP_ID, "client_secret": keys.get(f"{vendor}.secret", "")}
    if vendor == "salla":
        own = f"{key}.{external_id}"
        return Credentials(access_token=own, refresh_token=f"ory_rt_{own}", extra=client)
    if vendor == "zid":
        extra = {
            **client,
            "redirect_uri": "https://sync.example/zid",
            "manager_token": f"{keys['zid.manager']}.{external_id}",
        }
        return Credentials(access_token=key, refresh_token=f"rt-{key}.{external_id}", extra=extra)
    return Credentials(access_token=key)
