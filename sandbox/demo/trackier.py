"""The demo's Trackier part: a first sync, a day passing at the vendor, a second sync."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import psycopg
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from sandbox.demo.airflow_api import Airflow, DemoError
from sandbox.vendors.control import VendorSandbox

DAG_ID = "trackier_offer_sync"
# Small pages, so that the vendor's five calls a second leave something to watch.
_WORLD = {
    "offers": 1_000,
    "brands": 20,
    "publishers": 30,
    "page_size": {"campaigns": 100, "advertisers": 100},
}
_BROKEN = ("commission_250", "null_title", "bad_currency")
_SHOWN = ("added", "updated", "unchanged", "deactivated", "rejected", "campaigns_processed",
          "brands_processed", "brands_failed")  # fmt: skip


class TrackierDemo:
    """Runs the flow and tells what it did."""

    def __init__(
        self, airflow: Airflow, vendors: VendorSandbox, dsn: str, console: Console
    ) -> None:
        self._airflow = airflow
        self._vendors = vendors
        self._dsn = dsn
        self._console = console

    def run(self) -> str:
        """Run both syncs and return the link of the last run."""
        self.prepare()
        for dag_id in (DAG_ID, "alert_delivery"):
            self._airflow.unpause(dag_id)
        conf = {"include_publishers": True}
        results = {"first sync": self._sync("First sync from Trackier", conf)}
        self._vendors.advance(1)
        for kind in _BROKEN:
            self._vendors.malform(kind, brand=3)
        results["a day later"] = self._sync("The same, a day later", conf)
        self._console.print(self._table(results))
        return self._airflow.run_link(DAG_ID, self._last_run)

    def prepare(self) -> None:
        """Start all vendors' worlds anew, and make some publishers our tenants."""
        self._vendors.reset(2026, trackier=_WORLD)
        self._add_tenants()

    def _add_tenants(self) -> None:
        """Make three publishers our tenants, two by e-mail and one by reference."""
        publishers = [row for row in self._vendors.truth() if row["entity"] == "publisher"]
        rows = [
            ("Deals Daily", publishers[0]["email"], None),
            ("Cashback Club", publishers[1]["email"], None),
            ("Coupon Corner", None, publishers[2]["hash_id"]),
        ]
        with psycopg.connect(self._dsn) as conn:
            for row in rows:
                conn.execute(
                    "INSERT INTO affiliate.tenants (name, email, external_ref)"
                    " SELECT %s, %s, %s WHERE NOT EXISTS"
                    " (SELECT 1 FROM affiliate.tenants WHERE name = %s)",
                    (*row, row[0]),
                )

    def _sync(self, title: str, conf: dict[str, Any]) -> dict[str, Any]:
        run_id = self._last_run = self._airflow.trigger(DAG_ID, conf)
        began = time.monotonic()
        with (
            psycopg.connect(self._dsn, autocommit=True) as conn,
            _bars(self._console, title) as watch,
        ):
            state = self._airflow.wait(
                DAG_ID, run_id, watch=lambda: watch(_progress_of(conn, run_id))
            )
            watch(_progress_of(conn, run_id))
            counts, error, pages = _outcome(conn, run_id)
        link = self._airflow.run_link(DAG_ID, run_id)
        if state != "success" or not counts:
            message = f"The run ended as {state}: {error or 'see its log'} {link}"
            raise DemoError(message)
        events = self._airflow.asset_events(DAG_ID, run_id)
        if not events:
            message = f"The run published no asset event: {link}"
            raise DemoError(message)
        return {
            "status": counts["status"],
            **{name: counts[name] for name in _SHOWN},
            "pages archived in S3": pages,
            "asset event": f"added {events[0]['extra'].get('added')}",
            "seconds through Airflow": f"{time.monotonic() - began:.1f}",
        }

    def _table(self, results: dict[str, dict[str, Any]]) -> Table:
        table = Table("Trackier offer sync", *results, title=None)
        for name in next(iter(results.values())):
            table.add_row(
                name.replace("_", " "), *(str(result[name]) for result in results.values())
            )
        return table


def _progress_of(conn: psycopg.Connection[Any], run_id: str) -> list[tuple[str, int, int | None]]:
    return conn.execute(
        "SELECT entity_type, completed, total FROM ops.sync_progress"
        " JOIN ops.sync_runs USING (run_key) WHERE run_id = %s ORDER BY entity_type",
        (run_id,),
    ).fetchall()


def _outcome(conn: psycopg.Connection[Any], run_id: str) -> tuple[dict[str, Any], str | None, int]:
    """Return (counts, error, archived pages) of a run."""
    row = conn.execute(
        "SELECT counts, error, (SELECT count(*) FROM ops.sync_pages p WHERE p.run_key = r.run_key)"
        " FROM ops.sync_runs r WHERE flow = %s AND run_id = %s",
        (DAG_ID, run_id),
    ).fetchone()
    return row or ({}, "the run left no row", 0)


class _bars:  # noqa: N801 - used as a function
    """Draws a bar per entity type; without a terminal, a line per change."""

    def __init__(self, console: Console, title: str) -> None:
        self._console = console
        self._title = title
        self._tasks: dict[str, Any] = {}
        self._last: list[tuple[str, int, int | None]] = []
        columns = (TextColumn("  {task.description:>15}"), BarColumn(), MofNCompleteColumn())
        self._progress = Progress(*columns, TimeElapsedColumn(), console=console)

    def __enter__(self) -> Callable[[list[tuple[str, int, int | None]]], None]:
        self._console.print(f"[bold]{self._title}[/bold]")
        if self._console.is_terminal:
            self._progress.start()
        return self._show

    def __exit__(self, *_: object) -> None:
        if self._console.is_terminal:
            self._progress.stop()

    def _show(self, rows: list[tuple[str, int, int | None]]) -> None:
        if not self._console.is_terminal:
            if rows and rows != self._last:
                self._last = rows
                words = (
                    f"{name} {done}" + (f"/{total}" if total else "") for name, done, total in rows
                )
                self._console.print("  " + ", ".join(words))
            return
        for name, done, total in rows:
            if name not in self._tasks:
                self._tasks[name] = self._progress.add_task(name.replace("_", " "), total=total)
            self._progress.update(self._tasks[name], completed=done, total=total)
