"""Run the demo on a stack that is up; `make demo` starts one first."""

from __future__ import annotations

import argparse
import os
import signal
import sys

import boto3
import psycopg
import requests
from rich.console import Console

from sandbox.demo.ad_analytics import AdAnalyticsDemo
from sandbox.demo.airflow_api import Airflow, DemoError
from sandbox.demo.broadstreet import BroadstreetDemo
from sandbox.demo.broadstreet_export import BroadstreetExportDemo
from sandbox.demo.edge import EdgeDemo, home_of_stack
from sandbox.demo.edge_reports import EdgeReportsDemo
from sandbox.demo.trackier import TrackierDemo
from sandbox.state import COLLECTOR
from sandbox.vendors.control import VendorSandbox, VendorSandboxError

_CONSOLE = Console(highlight=False)


def main() -> int:
    """Run every flow once and print what it achieved; 1 with the reason if something failed."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.demo", description=__doc__)
    parser.add_argument("--once", action="store_true", help="end instead of waiting for Ctrl-C")
    options = parser.parse_args()
    try:
        link = _run()
    except (DemoError, VendorSandboxError, psycopg.Error, requests.RequestException) as error:
        _CONSOLE.print(f"The demo failed: {error}", style="red", markup=False)
        return 1
    _farewell(link)
    if not options.once:
        _CONSOLE.print("\nIt stays up until Ctrl-C.")
        signal.pause()
    return 0


def _run() -> str:
    setting = os.environ
    airflow = Airflow(
        setting["AIRFLOW_URL"], setting["AIRFLOW_USERNAME"], setting["AIRFLOW_PASSWORD"]
    )
    vendors = VendorSandbox(setting["VENDOR_SANDBOX_URL"])
    link = TrackierDemo(airflow, vendors, setting["WAREHOUSE_DSN"], _CONSOLE).run()
    BroadstreetDemo(airflow, vendors, setting["WAREHOUSE_DSN"], _CONSOLE).run()
    BroadstreetExportDemo(airflow, vendors, _CONSOLE).run()
    AdAnalyticsDemo(airflow, vendors, setting, _CONSOLE).run()
    EdgeDemo(home_of_stack(), setting["WAREHOUSE_DSN"], _CONSOLE).run()
    EdgeReportsDemo(airflow, setting["WAREHOUSE_DSN"], _CONSOLE).run()
    return link


def _farewell(link: str) -> None:
    setting = os.environ
    objects, size = _audit()
    _CONSOLE.print(f"\nAudit bucket: {objects} pages, {size / 1024:.0f} KiB compressed.")
    page = f"{setting['AIRFLOW_URL']}/plugin/sync-center"
    _CONSOLE.print(f"Open this page: {page}", style="bold", soft_wrap=True)
    for user in ("", "OPERATOR_", "USER_", "VIEWER_"):
        name, secret = setting[f"AIRFLOW_{user}USERNAME"], setting[f"AIRFLOW_{user}PASSWORD"]
        _CONSOLE.print(f"  log in as   {name} / {secret}", soft_wrap=True)
    _CONSOLE.print(f"Last run:     {link}", soft_wrap=True)
    _CONSOLE.print(f"Edge gRPC:    {setting['EDGE_CLIENT_TARGET']}", soft_wrap=True)
    _CONSOLE.print(f"PostgreSQL:   {setting['WAREHOUSE_DSN']}", soft_wrap=True)
    _CONSOLE.print(
        f"Metrics:      http://{setting['EDGE_GRPC_METRICS_LISTEN']}/metrics (edge service)",
        soft_wrap=True,
    )
    traces = setting.get(COLLECTOR) or f"nowhere: set {COLLECTOR} before `make demo`"
    _CONSOLE.print(f"Traces go to: {traces}", soft_wrap=True)
    _CONSOLE.print("Dashboards:   deploy/observation/grafana (docs/observability.md)")


def _audit() -> tuple[int, int]:
    """Return how many objects the audit bucket holds, and their bytes."""
    client = boto3.client("s3", endpoint_url=os.environ["S3_ENDPOINT_URL"])
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=os.environ["AUDIT_BUCKET"])
    sizes = [item.get("Size", 0) for page in pages for item in page.get("Contents", [])]
    return len(sizes), sum(sizes)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(0)
