"""The made-up vendors' worlds, and what happens in them before each run of a flow."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from typing import Any, TypeVar

import pymongo
from botocore.exceptions import BotoCoreError, ClientError

from sandbox.vendors.control import VendorSandbox, VendorSandboxError
from tests.e2e.chaos.ads import Business
from tests.e2e.chaos.flows import Client

TRACKIER = {"offers": 300, "brands": 6, "page_size": {"campaigns": 60}}
BROADSTREET = {"networks": 2, "advertisers": 8, "zones": 20, "advertisements": 30, "campaigns": 20,
               "placements": 120}  # fmt: skip
_PATIENCE = 180.0
T = TypeVar("T")


class Worlds:
    """What people do at the vendors, and what they enter here to be exported."""

    def __init__(
        self, vendors: VendorSandbox, client: Client, business: Business, seed: int
    ) -> None:
        self.vendors = vendors
        self.business = business
        self._client = client
        self._chance = random.Random(f"{seed}/worlds")
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._seed = seed
        self.entered: list[str] = []
        self.perhaps: list[str] = []
        self.errors: list[str] = []

    def begin(self, direct: Mapping[str, str]) -> None:
        """Make all worlds anew."""
        self.vendors.reset(
            self._seed,
            trackier=TRACKIER,
            broadstreet=BROADSTREET,
            ad_world=self.business.size,
            shopify={"restore": 4000},
        )
        # Who enters a zone chooses a network that was imported.
        with pymongo.MongoClient(direct["MONGO_URI"]) as client:
            for item in self._listed("networks"):
                known = {name: value for name, value in item.items() if name != "id"}
                network = {**known, "broadstreet_id": item["id"]}
                client["broadstreet"].networks.insert_one(network)

    def trackier(self) -> None:
        """Let a day pass for the offers."""
        self._told(lambda: self.vendors.advance(1))

    def account(self) -> None:
        """Let somebody rename a zone in Broadstreet's dashboard."""
        zones = self._told(lambda: self._listed("zones"))
        which = self._chance.choice([zone["id"] for zone in zones if isinstance(zone["id"], int)])
        fields = {"name": f"Renamed {next(self._numbers)}"}
        self._told(
            lambda: self.vendors.change(
                "broadstreet", "edit", entity="zones", which=which, fields=fields
            )
        )

    def locals(self) -> None:
        """Enter some zones, as a person does who does not press the button twice."""
        networks = self._told(lambda: self._listed("networks"))
        for _ in range(3):
            name = f"Entered {self._seed} {next(self._numbers)}"
            body = {"name": name, "network_id": networks[0]["id"]}
            answer = self._client.ask("POST", "/api/local/zones", body)
            if answer is None:
                self.perhaps.append(name)
            elif answer.ok:
                self.entered.append(name)
            else:
                self.errors.append(f"{name} was refused: {answer.status_code} {answer.text}")

    def ads(self) -> None:
        """Let the ad platforms' and stores' time be now, and the snippets write what they saw."""
        now = datetime.now(UTC).replace(microsecond=0).isoformat()
        self._told(lambda: self.vendors.change("ad_world", "set_now", at=now))
        self.business.world.set_now(now)
        yesterday = self.business.world.now.date() - timedelta(days=1)
        self._told(lambda: self.business.log_clicks(yesterday))

    def _listed(self, kind: str) -> list[dict[str, Any]]:
        rows = list(self.vendors.truth("broadstreet"))
        return [row["item"] for row in rows if row["kind"] == kind and not row["malformed"]]

    def _told(self, call: Callable[[], T]) -> T:
        """Call the vendors, or S3, until they answer: they may be dead at the moment."""
        end = time.monotonic() + _PATIENCE
        while True:
            try:
                with self._lock:
                    return call()
            except (
                OSError, HTTPException, VendorSandboxError, ValueError, BotoCoreError, ClientError,
            ):  # fmt: skip
                if time.monotonic() > end:
                    raise
                time.sleep(0.5)
