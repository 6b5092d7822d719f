"""A business with an account of every ad platform and a store of every kind, and its books."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sandbox.ad_onboarding import Operator, click_files
from sandbox.vendors.ad_world.click_log import write_click_log
from sandbox.vendors.ad_world.fx import MANUAL
from sandbox.vendors.ad_world.world import Settings, World
from tests.airflow_user import storage
from tests.integration.ad_analytics.company import MODELS, Books
from vendor_sync.ad_analytics import fx_flow
from vendor_sync.connections import connection_from_fields
from vendor_sync.postgres import connect

DAYS = 10
_BEFORE_RATES = timedelta(days=8)
# The made-up vendors need no pace; a disturbed call is tried again soon.
_SETTINGS = {"requests_per_second": "0", "backoff_seconds": "0.1"}


class Business(Books):
    """What the world's answers are compared with, and what happens in the world."""

    def __init__(self, seed: int, direct: Mapping[str, str]) -> None:
        now = datetime.now(UTC).replace(microsecond=0)
        start = (now - timedelta(days=DAYS)).date()
        self.size: dict[str, Any] = {
            "workspaces": 1, "campaigns": 2, "orders": 1, "idle_visits": 2,
            "start": str(start), "now": now.isoformat(),
        }  # fmt: skip
        self.world = World(seed, Settings(**self.size))
        self._direct = direct
        # Who prepares and compares may do everything; the product has logins of its own.
        logins = {"warehouse_postgres": "warehouse_owner", "analytics_redis": "analytics_redis"}
        self.connections = {
            name: connection_from_fields(name, json.loads(direct[f"AIRFLOW_CONN_{login.upper()}"]))
            for name, login in logins.items()
        }
        self._is_open = False
        self.open()

    def open(self) -> None:
        """Connect to the warehouse, which may have been killed since the last time."""
        self.close()
        self.conn = connect(self.connections["warehouse_postgres"], application_name="chaos")
        self._is_open = True

    def link(self, product: Mapping[str, str], folder: Any) -> None:
        """Link all accounts and stores at the addresses that the product is given; load rates."""
        linked = Operator(product, settings=_SETTINGS).link(self.world)
        self.workspaces = {place.index: key for place, key in linked.workspaces.items()}
        self.accounts, self.stores = dict(linked.accounts), dict(linked.stores)
        self._linked = linked
        self.conn.execute("UPDATE analytics.workspaces SET attribution_models = %s", [MODELS])
        file = folder / "rates.csv"
        days = (self.world.now.date() - self.world.start + _BEFORE_RATES).days + 2
        first = self.world.start - _BEFORE_RATES
        lines = [
            f"{first + timedelta(days=day)},USD,{currency},{rate}"
            for day in range(days)
            for currency, rate in MANUAL.items()
        ]
        file.write_text("\n".join(["day,base_currency,quote_currency,rate", *lines]))
        fx_flow.load_rates(self.connections.get, file, run_id="manual")
        self.log_clicks(self.world.start)

    def log_clicks(self, since: date) -> None:
        """Let the stores' snippets write what they saw since a day."""
        files = click_files(self.world, self._linked, since)
        write_click_log(storage(self._direct), self._direct["CLICK_BUCKET"], files)

    def close(self) -> None:
        if self._is_open:
            self.conn.close()
        self._is_open = False
