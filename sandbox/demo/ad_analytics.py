"""The demo's ad analytics part: seven sources, one of them broken, and what the ads brought."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import boto3
import psycopg
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from sandbox.ad_onboarding import Linked, OnboardingError, Operator, click_files
from sandbox.demo.airflow_api import Airflow, DemoError
from sandbox.vendors.ad_world.click_log import write_click_log
from sandbox.vendors.ad_world.world import Settings, World
from sandbox.vendors.control import VendorSandbox

_SYNC, _RATES = "ad_analytics_sync", "fx_rates_sync"
_SEED, _DAYS = 5, 21
# Small, for Salla and Zid want a call for each order; the made-up vendors need no pace.
_SIZE = {"workspaces": 1, "campaigns": 4, "orders": 3, "idle_visits": 3}
_PACE = {"requests_per_second": "0"}
_BROKEN = "tiktok"


class AdAnalyticsDemo:
    """Links a business's accounts and stores, syncs them, and shows claimed next to attributed."""

    def __init__(
        self,
        airflow: Airflow,
        vendors: VendorSandbox,
        environment: Mapping[str, str],
        console: Console,
    ) -> None:
        self._airflow = airflow
        self._vendors = vendors
        self._environment = environment
        self._console = console

    def run(self) -> None:
        """Sync with one source broken, then with it healed; print what each platform brought."""
        self._console.print("[bold]Ad analytics: three platforms, four shops[/bold]")
        linked = self.prepare()
        self._console.print(f"  {_RATES}: {self._run(_RATES):.0f} s through Airflow")
        fault = self._vendors.faults.add("status", _BROKEN, status=404)
        try:
            self._sync(f"{_BROKEN} refuses on purpose")
        finally:
            self._vendors.faults.remove(fault)
        self._sync(f"{_BROKEN} is well again")
        with psycopg.connect(self._environment["WAREHOUSE_DSN"]) as conn:
            self._console.print(_returns(conn, list(linked.workspaces.values())))

    def prepare(self) -> Linked:
        """Make a world, link what it has, and write its click log."""
        now = datetime.now(UTC).replace(microsecond=0)
        size = {**_SIZE, "start": str(now.date() - timedelta(days=_DAYS)), "now": now.isoformat()}
        # The other vendors' worlds are kept: only this one is new.
        self._vendors.change("ad_world", "restart", seed=_SEED, settings=size)
        world = World(_SEED, Settings(**size))
        linked = self._link(world)
        files = self._write_clicks(world, linked)
        self._console.print(f"  click log: {files} files in S3, as storefronts would write them")
        return linked

    def _link(self, world: World) -> Linked:
        began = time.monotonic()
        try:
            linked = Operator(self._environment, settings=_PACE).link(world)
        except OnboardingError as error:
            raise DemoError(str(error)) from error
        number = len(linked.accounts) + len(linked.stores)
        self._console.print(
            f"  {number} accounts and stores linked with `python -m vendor_sync account add` and"
            f" `store add`, {time.monotonic() - began:.0f} s"
        )
        return linked

    def _write_clicks(self, world: World, linked: Linked) -> int:
        """Write the click log, a file a day, and return how many that are."""
        client = boto3.client("s3", endpoint_url=self._environment["S3_ENDPOINT_URL"])
        days = click_files(world, linked, world.start)
        write_click_log(client, self._environment["CLICK_BUCKET"], days)
        return len(days)

    def _run(self, dag: str) -> float:
        """Run a DAG to its end and return how many seconds that took."""
        self._airflow.unpause(dag)
        began = time.monotonic()
        self._last = self._airflow.trigger(dag, {})
        with self._console.status(f"{dag} …"):
            state = self._airflow.wait(dag, self._last, watch=lambda: None, timeout=300)
        if state != "success":
            message = f"{dag} ended as {state}: {self._airflow.run_link(dag, self._last)}"
            raise DemoError(message)
        return time.monotonic() - began

    def _sync(self, title: str) -> None:
        seconds = self._run(_SYNC)
        with psycopg.connect(self._environment["WAREHOUSE_DSN"]) as conn:
            row = conn.execute(
                "SELECT run_key, counts FROM ops.sync_runs WHERE flow = %s AND run_id = %s",
                (_SYNC, self._last),
            ).fetchone()
            if row is None:
                message = f"{_SYNC} {self._last} left no row."
                raise DemoError(message)
            self._console.print(
                _parts(conn, f"{title}: {row[1]['status']}, {seconds:.0f} s", row[0])
            )
            told = conn.execute(
                "SELECT title FROM ops.alerts WHERE run_id = %s AND resolved_at IS NULL"
                " AND kind = 'connection_failed'",
                (self._last,),
            ).fetchall()
        clicks = row[1]["click_log"]
        self._console.print(
            f"  click log: {clicks['clicks']} clicks and {clicks['links']} orders from"
            f" {clicks['files']} files; {row[1]['orders_attributed']} orders credited"
        )
        for (alert,) in told:
            self._console.print(f"  alert: {alert}", style="yellow", markup=False)


def _parts(conn: psycopg.Connection[Any], title: str, run_key: int) -> Group:
    """Show what each source was asked, how that ended, and why where it failed."""
    table = Table(title, "ended", "calls", "campaign days", "orders")
    rows = conn.execute(
        "SELECT c.vendor || ' ' || c.name, p.outcome, p.counts ->> 'api_calls',"
        " p.counts ->> 'days', p.counts ->> 'orders', p.error"
        " FROM analytics.sync_parts AS p JOIN analytics.connections AS c USING (connection_id)"
        " WHERE p.run_key = %s ORDER BY c.connection_id",
        (run_key,),
    )
    errors: list[Text] = []
    for source, *cells, error in rows:
        table.add_row(source, *("-" if cell is None else str(cell) for cell in cells))
        errors += [Text(f"  {source}: {error}", "yellow")] if error else []
    return Group(table, *errors)


def _returns(conn: psycopg.Connection[Any], workspaces: list[int]) -> Table:
    """Show claimed next to attributed, a platform a line."""
    table = Table("platform", "spend", "claimed", "attributed", "ROAS claimed", "attributed",
                  "currency", title=f"The last {_DAYS} days: spend, revenue, return")  # fmt: skip
    rows = conn.execute(
        "SELECT platform, sum(spend), sum(claimed_revenue), sum(attributed_revenue),"
        " sum(claimed_revenue) / nullif(sum(spend), 0),"
        " sum(attributed_revenue) / nullif(sum(spend), 0), min(currency)"
        " FROM analytics.workspace_daily WHERE workspace_id = ANY(%s)"
        " GROUP BY platform ORDER BY platform = 'none', platform",
        (workspaces,),
    )
    for platform, *numbers, currency in rows:
        name = "no ad" if platform == "none" else platform
        amounts, returns = numbers[:3], numbers[3:]
        shown = [
            *(_number(amount, 0) for amount in amounts),
            *(_number(each, 2) for each in returns),
        ]
        table.add_row(name, *shown, currency)
    return table


def _number(value: Decimal | None, digits: int) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"
