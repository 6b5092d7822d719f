"""`python -m vendor_sync`: the flows and their chores from a shell, without Airflow."""

from __future__ import annotations

from vendor_sync.cli.app import app

if __name__ == "__main__":
    app(prog_name="python -m vendor_sync")
