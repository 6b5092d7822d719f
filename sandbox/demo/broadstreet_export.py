"""The demo's way back: local entities with a conflict and a dependency go to Broadstreet."""

from __future__ import annotations

import time
from typing import Any

from rich.console import Console
from rich.table import Table

from sandbox.demo.airflow_api import Airflow, DemoError
from sandbox.vendors.control import VendorSandbox

EXPORT_DAG = "broadstreet_export"
_PATIENCE_SECONDS = 180
_ENDED = frozenset({"success", "failed"})
Item = dict[str, Any]


class BroadstreetExportDemo:
    """Enters local entities as a person would, exports them, and shows where each one ended."""

    def __init__(self, airflow: Airflow, vendors: VendorSandbox, console: Console) -> None:
        self._airflow = airflow
        self._vendors = vendors
        self._console = console

    def run(self) -> str:
        """Return the link of the export's run."""
        self._console.print("[bold]Export local entities to Broadstreet[/bold]")
        self._airflow.unpause(EXPORT_DAG)
        self._enter()
        # One create is done and its answer lost: the export has to find out by itself.
        fault = {"method": "POST", "path": "/campaigns$", "times": 1, "commit": True}
        rule = self._vendors.faults.add("status", "broadstreet", status=502, **fault)
        try:
            run = self._export()
        finally:
            self._vendors.faults.remove(rule)
        if run["state"] != "success":
            message = f"The export ended as {run['state']}: {run.get('error')}"
            raise DemoError(message)
        self._console.print(_table(run["result"]))
        return self._airflow.run_link(EXPORT_DAG, run["run_id"])

    def export_advertiser(self, name: str) -> Item:
        """Enter an advertiser as a person would, export it, and return the run."""
        rows = self._vendors.truth("broadstreet")
        networks = (row["item"]["id"] for row in rows if row["kind"] == "networks")
        self._add("advertisers", name=name, network_id=next(networks))
        return self._export()

    def _export(self) -> Item:
        return self._wait(self._airflow.ask("POST", "/api/sync/local-all")["run_id"])

    def _enter(self) -> None:
        """Enter a zone whose name is taken, and a campaign that needs what is local itself."""
        rows = self._vendors.truth("broadstreet")
        zones = (row["item"] for row in rows if row["kind"] == "zones")
        taken = next(zone for zone in zones if "network_id" in zone)
        network = taken["network_id"]
        zone = self._add("zones", name=taken["name"], network_id=network)
        advertiser = self._add("advertisers", name="Corner Bakery", network_id=network)
        advertisement = self._add(
            "advertisements",
            name="Fresh bread 300x250",
            type="static",
            destination="https://bakery.example/bread",
            active_url="https://bakery.example/bread.png",
            advertiser_id=advertiser,
        )
        campaign = self._add(
            "campaigns",
            name="Spring",
            start_date="2026-03-01",
            end_date="2026-05-31",
            weight="high",
            advertiser_id=advertiser,
        )
        self._add("placements", campaign_id=campaign, advertisement_id=advertisement, zone_id=zone)

    def _add(self, entity: str, **fields: object) -> str:
        return self._airflow.ask("POST", f"/api/local/{entity}", fields)["_id"]

    def _wait(self, run_id: str) -> Item:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            run: Item = self._airflow.ask("GET", f"/api/sync/runs/{run_id}")
            if run["state"] in _ENDED:
                return run
            time.sleep(0.5)
        message = f"The export {run_id} did not end within {_PATIENCE_SECONDS} s."
        raise DemoError(message)


def _table(result: Item) -> Table:
    table = Table("local entity", "what happened", "in Broadstreet", "sent as")
    for line in [*result["exported"], *result["skipped"], *result["failed"]]:
        what = "created, found again after a lost answer" if line["adopted"] else line["status"]
        number = "" if line["broadstreet_id"] is None else str(line["broadstreet_id"])
        title = f"{line['entity_type']}: {line['name'] or line['local_id']}"
        table.add_row(title, line["reason"] or what, number, line["sent_name"] or "")
    return table
