"""The demo's Broadstreet part: a first import, what people change meanwhile, a second import."""

from __future__ import annotations

import time
from typing import Any

import psycopg
from rich.console import Console
from rich.table import Table

from sandbox.demo.airflow_api import Airflow, DemoError
from sandbox.vendors.control import VendorSandbox

IMPORT_DAG = "broadstreet_import"
KINDS = ("networks", "advertisers", "zones", "advertisements", "campaigns", "placements")
# Five calls a second is the account's limit: few parents, so that it does not take minutes.
_ACCOUNT = {"networks": 2, "advertisers": 6, "zones": 20, "advertisements": 30, "campaigns": 10,
            "placements": 60}  # fmt: skip
_SHOWN = ("fetched", "inserted", "updated", "unchanged", "removed", "failed")


class BroadstreetDemo:
    """Runs the import and tells what it did."""

    def __init__(
        self, airflow: Airflow, vendors: VendorSandbox, dsn: str, console: Console
    ) -> None:
        self._airflow = airflow
        self._vendors = vendors
        self._dsn = dsn
        self._console = console

    def run(self) -> str:
        """Import twice and return the link of the last run."""
        self._console.print("[bold]Import from Broadstreet[/bold]")
        self.prepare()
        self._airflow.unpause(IMPORT_DAG)
        self._import("first import")
        self._change_something()
        return self._import("after changes in Broadstreet")

    def prepare(self) -> None:
        """Start a new account; the other vendors' worlds are kept."""
        self._vendors.change("broadstreet", "restart", seed=2026, settings=_ACCOUNT)

    def rename_zone(self, name: str) -> None:
        """Have somebody rename a zone in Broadstreet."""
        self._vendors.change(
            "broadstreet", "edit", entity="zones", which=self._zones()[0], fields={"name": name}
        )

    def _zones(self) -> list[int]:
        rows = self._vendors.truth("broadstreet")
        return [row["item"]["id"] for row in rows if row["kind"] == "zones"]

    def _change_something(self) -> None:
        zones, change = self._zones(), self._vendors.change
        self.rename_zone("Renamed")
        change("broadstreet", "remove", entity="zones", which=zones[1])
        change("broadstreet", "insert", entity="zones", item={"id": "?"}, **self._network())

    def _network(self) -> dict[str, int]:
        rows = (row for row in self._vendors.truth("broadstreet") if row["kind"] == "networks")
        return {"network": next(rows)["item"]["id"]}

    def _import(self, title: str) -> str:
        run_id = self._airflow.trigger(IMPORT_DAG, {})
        began = time.monotonic()
        state = self._airflow.wait(IMPORT_DAG, run_id, watch=lambda: None, timeout=600)
        link = self._airflow.run_link(IMPORT_DAG, run_id)
        with psycopg.connect(self._dsn) as conn:
            row = conn.execute(
                "SELECT counts, error FROM ops.sync_runs WHERE flow = %s AND run_id = %s",
                (IMPORT_DAG, run_id),
            ).fetchone()
        counts, error = row or ({}, "the run left no row")
        if state != "success" or not counts:
            message = f"The run ended as {state}: {error or 'see its log'} {link}"
            raise DemoError(message)
        seconds = time.monotonic() - began
        self._console.print(_table(f"{title}, {seconds:.0f} s through Airflow", counts))
        return link


def _table(title: str, counts: dict[str, Any]) -> Table:
    table = Table(title, *_SHOWN)
    for kind in KINDS:
        table.add_row(kind, *(str(counts["entities"][kind][name]) for name in _SHOWN))
    return table
