"""All flows through Airflow, over and over, a few at a time, while their vendors' worlds change."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from benchmarks.load.figures import quantile
from sandbox.demo.ad_analytics import AdAnalyticsDemo
from sandbox.demo.airflow_api import Airflow, DemoError
from sandbox.demo.broadstreet import BroadstreetDemo
from sandbox.demo.broadstreet_export import EXPORT_DAG, BroadstreetExportDemo
from sandbox.demo.trackier import TrackierDemo
from sandbox.vendors.control import VendorSandbox

LANES = 2
_PATIENCE_SECONDS = 300
_ALERTS = "alert_delivery"  # runs every two minutes by itself
FLOWS = (
    "trackier_offer_sync",
    "broadstreet_import",
    "broadstreet_export",
    "fx_rates_sync",
    "ad_analytics_sync",
    "edge_usage_rollup",
    "edge_promotion_audit",
    "retention",
)


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a flow and how it ended."""

    flow: str
    state: str
    seconds: float


class Flows:
    """Runs the flows in turn until it is stopped, in lanes of their own."""

    def __init__(self, environment: Mapping[str, str], lanes: int = LANES) -> None:
        console = Console(highlight=False)
        self._vendors = VendorSandbox(environment["VENDOR_SANDBOX_URL"])
        self._airflow = Airflow(
            environment["AIRFLOW_URL"],
            environment["AIRFLOW_USERNAME"],
            environment["AIRFLOW_PASSWORD"],
        )
        dsn = environment["WAREHOUSE_DSN"]
        self._trackier = TrackierDemo(self._airflow, self._vendors, dsn, console)
        self._import = BroadstreetDemo(self._airflow, self._vendors, dsn, console)
        self._export = BroadstreetExportDemo(self._airflow, self._vendors, console)
        self._ads = AdAnalyticsDemo(self._airflow, self._vendors, environment, console)
        self._ending = threading.Event()
        self._turn = itertools.cycle(FLOWS)
        self._turns = threading.Lock()
        self._rounds = itertools.count()
        self._threads = [
            threading.Thread(target=self._run, name=f"lane {n}", daemon=True) for n in range(lanes)
        ]
        self.runs: list[Run] = []

    def prepare(self) -> None:
        """Make the vendors' worlds, link accounts and stores, and switch the flows on."""
        self._trackier.prepare()
        self._import.prepare()
        self._ads.prepare()
        for flow in (*FLOWS, _ALERTS):
            self._airflow.unpause(flow)
        first = self._once("broadstreet_import")
        if first.state != "success":  # an export needs something to export beside
            message = f"the first broadstreet_import ended as {first.state}"
            raise DemoError(message)

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> list[Run]:
        """Let the runs that are going end, and return all."""
        self._ending.set()
        for thread in self._threads:
            thread.join()
        return self.runs

    def _run(self) -> None:
        while not self._ending.is_set():
            with self._turns:
                flow = next(self._turn)
            try:
                self.runs.append(self._once(flow))
            except Exception as error:  # noqa: BLE001 - counted as a run that failed
                self.runs.append(Run(flow, f"{type(error).__name__}: {error}", 0.0))

    def _once(self, flow: str) -> Run:
        began = time.monotonic()
        self._change_world(flow)
        if flow == EXPORT_DAG:
            state = self._export.export_advertiser(f"Bakery {next(self._rounds)}")["state"]
        else:
            run_id = self._airflow.trigger(flow, {})
            state = self._airflow.wait(flow, run_id, watch=lambda: None, timeout=_PATIENCE_SECONDS)
        return Run(flow, state, time.monotonic() - began)

    def _change_world(self, flow: str) -> None:
        changes: dict[str, Callable[[], object]] = {
            "trackier_offer_sync": lambda: self._vendors.advance(1),
            "broadstreet_import": lambda: self._import.rename_zone(f"Zone {next(self._rounds)}"),
        }
        changes.get(flow, lambda: None)()


def of_runs(runs: list[Run]) -> dict[str, Any]:
    """Return how often each flow ran, how long that took, and how many did not succeed."""
    by_flow: dict[str, list[Run]] = {flow: [] for flow in FLOWS}
    for run in runs:
        by_flow[run.flow].append(run)
    return {
        "runs": len(runs),
        "failed": sum(run.state != "success" for run in runs),
        "failures": [f"{run.flow}: {run.state}" for run in runs if run.state != "success"],
        "never_ran": sum(not of_one for of_one in by_flow.values()),
        "by_flow": {
            flow: {
                "runs": len(of_one),
                "p50_s": round(quantile([run.seconds for run in of_one], 0.5), 1),
                "most_s": round(max(run.seconds for run in of_one), 1),
            }
            for flow, of_one in by_flow.items()
            if of_one
        },
    }
