"""Chaos from its start to its report: load, faults, calm, and every store compared."""

from __future__ import annotations

import logging
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import machine
from sandbox.vendors.control import VendorSandbox
from tests.e2e.chaos.ads import Business
from tests.e2e.chaos.checks import Checker, Finding
from tests.e2e.chaos.edges import Edges
from tests.e2e.chaos.faults import Disturber
from tests.e2e.chaos.flows import Client, CommandFlow, Flow
from tests.e2e.chaos.stacks import Stacks
from tests.e2e.chaos.worlds import Worlds

logger = logging.getLogger(__name__)


FLOWS = ("trackier_offer_sync", "broadstreet_import", "broadstreet_export", "fx_rates_sync",
         "ad_analytics_sync", "edge_usage_rollup", "edge_promotion_audit")  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How long, in which order, and how much of it; `edge_promotion_audit` is always the last."""

    seed: int
    seconds: float
    stores: int = 4
    hands: int = 2
    flows: tuple[str, ...] = FLOWS


class Chaos:
    """One run of it on two stacks that are up."""

    def __init__(self, stacks: Stacks, plan: Plan, folder: Path) -> None:
        self._plan = plan
        self._stacks = stacks
        self._client = Client(stacks.variables)
        self._vendors = VendorSandbox(stacks.direct["VENDOR_SANDBOX_URL"], timeout=20)
        self._folder = folder
        self._business = Business(plan.seed, stacks.direct)
        self._worlds = Worlds(self._vendors, Client(stacks.variables), self._business, plan.seed)
        self._edges = Edges(
            {**stacks.direct, "EDGE_CLIENT_TARGET": stacks.variables["EDGE_CLIENT_TARGET"]},
            folder, plan.seed, stores=plan.stores,
        )  # fmt: skip
        worlds = self._worlds
        kind = Flow if "airflow" in stacks.groups else CommandFlow
        self._flows = [
            kind(Client(stacks.variables), dag, stir, pause=pause)
            for dag, stir, pause in (
                ("trackier_offer_sync", worlds.trackier, 2),
                ("broadstreet_import", worlds.account, 2),
                ("broadstreet_export", worlds.locals, 2),
                ("fx_rates_sync", worlds.ads, 20),
                ("ad_analytics_sync", worlds.ads, 2),
                ("edge_usage_rollup", _nothing, 10),
                ("edge_promotion_audit", _nothing, 15),
            )
            if dag in plan.flows
        ]
        self._disturber = Disturber(stacks, plan.seed, hands=plan.hands)

    def run(self) -> dict[str, Any]:
        """Return the report."""
        began = time.monotonic()
        self._worlds.begin(self._stacks.direct)
        if "ad_analytics_sync" in self._plan.flows:
            self._business.link(self._stacks.variables, self._folder)
        self._edges.begin()
        for flow in self._flows:
            flow.switch_on()
        self._disturb()
        logger.info("calm again after %.0f s", time.monotonic() - began)
        last, settled = self._settle()
        with (
            closing(self._business),
            closing(Checker(self._stacks.direct, self._vendors)) as checker,
        ):
            findings = self._check(checker)
        return self._report(findings, last, settled, time.monotonic() - began)

    def _disturb(self) -> None:
        stop = threading.Event()
        flows = [
            threading.Thread(target=flow.repeat, args=(stop,), name=flow.dag, daemon=True)
            for flow in self._flows
        ]
        for flow in flows:
            flow.start()
        try:
            self._disturber.run(self._plan.seconds)
        finally:
            stop.set()
            self._edges.end()
            for flow in flows:
                flow.join()

    def _settle(self) -> tuple[dict[str, str], list[dict[str, int]]]:
        """Run each flow once more, and have each edge sync and upload; return how that ended."""
        settled = self._edges.settle()
        *others, audit = self._flows
        with ThreadPoolExecutor(len(others)) as pool:
            states = list(pool.map(lambda flow: flow.run(), others))
        # It audits what the rollup has summed up.
        states.append(audit.run())
        return {flow.dag: state for flow, state in zip(self._flows, states, strict=True)}, settled

    def _check(self, checker: Checker) -> list[Finding]:
        self._business.open()
        worlds, warehouse = self._worlds, self._business.connections["warehouse_postgres"]
        checks: dict[str, Callable[[], list[Finding]]] = {
            "trackier_offer_sync": lambda: [checker.offers()],
            "broadstreet_import": checker.imported,
            "broadstreet_export": lambda: [checker.exported(worlds.entered, worlds.perhaps)],
            "ad_analytics_sync": lambda: checker.business(self._business),
            "": lambda: checker.everywhere(self._edges),
            "edge_promotion_audit": lambda: checker.reports(warehouse),
        }
        asked = [check for dag, check in checks.items() if not dag or dag in self._plan.flows]
        return [found for check in asked for found in _done(check)]

    def _report(
        self,
        findings: list[Finding],
        last: dict[str, str],
        settled: list[dict[str, int]],
        seconds: float,
    ) -> dict[str, Any]:
        errors = [*self._disturber.errors, *self._edges.errors, *self._worlds.errors]
        errors += [error for flow in self._flows for error in flow.errors]
        errors += [f"{dag} ended as {state}" for dag, state in last.items()
                   if state != "success"]  # fmt: skip
        errors += [f"an outbox holds {counts}" for counts in settled
                   if counts["pending"] or counts["refused"]]  # fmt: skip
        successes = [end for flow in self._flows for end in flow.runs.successes]
        errors += [f"{fault.part} did not come back" for fault in self._disturber.faults
                   if fault.recovered_in is None]  # fmt: skip
        errors += [f"{found.name} differ" for found in findings if not found.is_good]
        return {
            "machine": machine.describe(),
            "load": machine.load(),
            "seed": self._plan.seed,
            "seconds_of_chaos": self._plan.seconds,
            "seconds_in_all": round(seconds),
            "faults": self._disturber.report(successes),
            "flows": {flow.dag: flow.runs.report() for flow in self._flows},
            "edges": {
                "stores": len(self._edges.edges),
                "starts": sum(edge.starts for edge in self._edges.edges),
                "usages": sum(len(edge.made) for edge in self._edges.edges),
                "changes_at_head_office": self._edges.changes,
            },
            "compared": {found.name: found.report() for found in findings},
            "entered_without_an_answer": len(self._worlds.perhaps),
            "losses": sum(len(found.lost) for found in findings),
            "duplicates": sum(len(found.doubled) for found in findings),
            "errors": errors,
        }


def _done(check: Callable[[], list[Finding]]) -> list[Finding]:
    """Return what a comparison found; one that cannot be made is a finding too."""
    try:
        return check()
    except Exception as error:  # the others are made, and the report is written
        logger.exception("a comparison failed")
        return [Finding("a comparison", wrong=[repr(error)])]


def _nothing() -> None:
    """Do nothing before a run: the edges and the other flows do enough."""


def in_folder(stacks: Stacks, plan: Plan) -> dict[str, Any]:
    """Run chaos with the edges' files in a directory that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="chaos-"))
    try:
        return Chaos(stacks, plan, folder).run()
    finally:
        shutil.rmtree(folder)
