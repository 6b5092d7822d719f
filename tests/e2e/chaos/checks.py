"""Compares every store with the truth that the seeded world, or who wrote into it, knows."""

from __future__ import annotations

import gzip
import io
import tarfile
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import psycopg
import pymongo

from sandbox.vendors.control import VendorSandbox
from tests import broadstreet_truth
from tests.airflow_user import storage
from tests.e2e.chaos.ads import Business
from tests.e2e.chaos.edges import Edges
from tests.integration.ad_analytics import answers
from tests.integration.edge_reports.conftest import Office
from tests.rates_truth import RATES, published_rates
from tests.trackier_truth import OFFERS, expected_offers
from vendor_sync.broadstreet.lease import LEASE_ID
from vendor_sync.broadstreet.schema import GENERATION
from vendor_sync.connections import Connection

KINDS = ("networks", "advertisers", "zones", "advertisements", "campaigns", "placements")
_SHOWN = 5
_PATIENCE = 60.0
# By what is compared: the comparison, and the table whose rows it looks at.
_BUSINESS = {
    "ad platforms' days": (answers.check_metrics, "campaign_metrics"),
    "stores' orders": (answers.check_orders, "orders"),
    "credits of orders": (answers.check_events, "attribution_events"),
    "days of the workspace": (answers.check_daily, "workspace_daily"),
    "dashboards in Redis": (answers.check_dashboards, "workspaces"),
    "performance alerts": (answers.check_alerts, "campaigns"),
}
_AUDITED = (
    "SELECT promotion_id, finding, detail FROM edge.promotion_audits"
    " WHERE audited_at = (SELECT max(audited_at) FROM edge.promotion_audits)"
)


@dataclass
class Finding:
    """One comparison: how much was compared, and what is missing, doubled or otherwise wrong."""

    name: str
    compared: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Tell whether all is as it has to be; where there was nothing to compare, it is not."""
        return self.compared > 0 and not (self.lost or self.doubled or self.wrong)

    def report(self) -> dict[str, Any]:
        numbers = {"compared": self.compared, "lost": len(self.lost),
                   "doubled": len(self.doubled), "wrong": len(self.wrong)}  # fmt: skip
        shown = {
            name: getattr(self, name)[:_SHOWN]
            for name in ("lost", "doubled", "wrong")
            if getattr(self, name)
        }
        return {**numbers, **({"for_example": shown} if shown else {})}


def rows_alike(name: str, stored: Iterable[Any], truth: Iterable[Any]) -> Finding:
    """Compare rows whatever their order: each one of the truth has to be there once."""
    have, want = Counter(stored), Counter(truth)
    return Finding(
        name,
        compared=want.total(),
        lost=sorted(map(str, want.keys() - have.keys())),
        doubled=sorted(str(row) for row, number in have.items() if number > want[row] > 0),
        wrong=sorted(map(str, have.keys() - want.keys())),
    )


def documents_alike(name: str, stored: Mapping[Any, Any], truth: Mapping[Any, Any]) -> Finding:
    return Finding(
        name,
        compared=len(truth),
        lost=[str(key) for key in truth if key not in stored],
        wrong=[
            f"{key}: {stored[key]} instead of {truth.get(key)}"
            for key in stored
            if stored[key] != truth.get(key)
        ],
    )


def asserted(name: str, check: Callable[[], object], compared: int) -> Finding:
    """Run a comparison of so many rows that asserts; what it says becomes the finding."""
    try:
        check()
    except AssertionError as error:
        return Finding(name, compared, wrong=[str(error)[:2000]])
    return Finding(name, compared)


class Checker:
    """Looks at every store by its direct address, when nothing runs any more."""

    def __init__(self, variables: Mapping[str, str], vendors: VendorSandbox) -> None:
        self._variables = variables
        self._vendors = vendors
        self._warehouse = psycopg.connect(variables["WAREHOUSE_DSN"], autocommit=True)
        self._mongo = pymongo.MongoClient(variables["MONGO_URI"])
        self._documents = self._mongo["broadstreet"]

    def close(self) -> None:
        self._warehouse.close()
        self._mongo.close()

    def rows(self, query: str, *params: Any) -> list[tuple[Any, ...]]:
        return self._warehouse.execute(query, params).fetchall()  # pyright: ignore[reportArgumentType]

    def _count(self, table: str) -> int:
        return self.rows(f"SELECT count(*) FROM {table}")[0][0]

    def offers(self) -> Finding:
        """Compare with what the vendor lists; what it lists no longer is kept, and not active."""
        listed = expected_offers(self._vendors)
        ids = {row[0] for row in listed}
        stored = [row for row in self.rows(OFFERS) if row[0] in ids or row[-1]]
        return rows_alike("Trackier's offers", stored, listed)

    def imported(self) -> list[Finding]:
        """Compare each of Broadstreet's collections with what the account lists."""
        return [
            documents_alike(
                f"Broadstreet's {kind}",
                broadstreet_truth.imported(self._documents, kind),
                broadstreet_truth.listed(self._vendors, kind),
            )
            for kind in KINDS
        ]

    def exported(self, entered: list[str], perhaps: list[str]) -> Finding:
        """Compare what was entered locally with what the ad server was asked to create.

        `perhaps` are those whose entering was not answered: each is there once or not at all.
        """
        made = Counter(
            note["fields"]["name"] for note in self._vendors.creates() if note["kind"] == "zones"
        )
        left = [document["name"] for document in self._documents.local_zones.find()]
        return Finding(
            "exports to the ad server",
            compared=len(entered),
            lost=[name for name in entered if not made[name]],
            doubled=[name for name, number in made.items() if number > 1],
            wrong=[name for name in made if name not in {*entered, *perhaps}]
            + [f"{name} is still local" for name in left],
        )

    def everywhere(self, edges: Edges) -> list[Finding]:
        """Compare what every run has to do with: edges, archive, locks."""
        return [*self.edges(edges), self.archived(), self.nothing_left_open()]

    def edges(self, edges: Edges) -> list[Finding]:
        """Compare each edge's file with a snapshot of its store, and all usages with the table."""
        found = [
            Finding(f"edge {number}'s file", compared, lost=lacking, wrong=more)
            for number, (compared, lacking, more) in enumerate(edges.differences(), start=1)
        ]
        stored = [str(row[0]) for row in self.rows("SELECT usage_id FROM edge.promotion_usages")]
        made = [usage for edge in edges.edges for usage in edge.made]
        return [*found, rows_alike("usages uploaded", stored, made)]

    def business(self, business: Business) -> list[Finding]:
        """Compare ad platforms, stores, credits, dashboards and rates with the world's answers."""
        world = business.world
        days = [
            world.start + timedelta(days=n) for n in range((world.now.date() - world.start).days)
        ]
        stored = [row for row in self.rows(RATES) if row[0] in days]
        return [
            *(
                asserted(name, partial(check, business), self._count(f"analytics.{table}"))
                for name, (check, table) in _BUSINESS.items()
            ),
            rows_alike("exchange rates", stored, published_rates(world, days)),
        ]

    def reports(self, warehouse: Connection) -> list[Finding]:
        """Compare what the edge reports say with what they say when made anew, undisturbed."""
        nobody = uuid.UUID(int=0)
        known = {"warehouse_postgres": warehouse}
        office = Office(self._warehouse, known, company=nobody, stores=[], brand=nobody)
        kept, audited = office.effectiveness(), self.rows(_AUDITED)
        anew = office.from_scratch()
        office.audit()
        return [
            rows_alike("promotion effectiveness", kept, anew),
            rows_alike("promotion audits", audited, self.rows(_AUDITED)),
        ]

    def archived(self) -> Finding:
        """Read each page that a run's record names, and see that each object is of a known run."""
        known = self._variables
        client = storage(known)
        bucket = known["AUDIT_BUCKET"]
        listed = client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        keys = {item.get("Key", "") for page in listed for item in page.get("Contents", [])}
        pages = [
            row[0]
            for row in self.rows("SELECT audit_key FROM ops.sync_pages WHERE audit_key IS NOT NULL")
        ]
        found = Finding("archived pages", compared=len(pages))
        contents: dict[str, Any] = {}
        for key in sorted(keys):
            body = client.get_object(Bucket=bucket, Key=key)["Body"].read()
            contents[key] = _names(key, body)
            if contents[key] is None:
                found.wrong.append(f"{key} cannot be read")
        for page in pages:
            key, _, name = page.partition("#")
            if key not in keys or (name and name not in (contents[key] or ())):
                found.lost.append(page)
        runs = {row[0].replace(":", "_").replace("+", "_") for row in
                self.rows("SELECT run_id FROM ops.sync_runs")}  # fmt: skip
        found.wrong += [key for key in keys if not any(run in key for run in runs)]
        return found

    def nothing_left_open(self) -> Finding:
        """See that no run is at work or waits, and that no lock, lease or claim is kept.

        What a schedule has begun meanwhile may end; what is stuck stays.
        """
        end = time.monotonic() + _PATIENCE
        while (left := self._left_open()) and time.monotonic() < end:
            time.sleep(1)
        return Finding("runs, locks and leases", self._count("ops.sync_runs"), wrong=left)

    def _left_open(self) -> list[str]:
        runs = self.rows(
            "SELECT flow, run_id, status FROM ops.sync_runs WHERE status IN ('running', 'waiting')"
        )
        locks = self.rows(
            "SELECT application_name, pid FROM pg_locks JOIN pg_stat_activity USING (pid)"
            " WHERE locktype = 'advisory' AND granted AND pid <> pg_backend_pid()"
            # Airflow's scheduler takes such locks too, in its own database on the same server.
            " AND datname = current_database() AND application_name NOT LIKE 'edge%%'"
        )
        lease = self._documents[GENERATION].find_one({"_id": LEASE_ID})
        open_runs, tasks = self._open_in_airflow()
        left = [*runs, *locks, *([lease] if lease else []), *open_runs, *tasks]
        return [str(one) for one in left]

    def _open_in_airflow(self) -> tuple[list[Any], list[Any]]:
        dsn = self._variables["WAREHOUSE_DSN"].replace("/warehouse", "/airflow")
        with psycopg.connect(dsn) as conn:
            if conn.execute("SELECT to_regclass('dag_run')").fetchone() == (None,):
                return [], []  # no Airflow here
            runs = conn.execute(
                "SELECT dag_id, run_id, state FROM dag_run WHERE state NOT IN ('success', 'failed')"
            ).fetchall()
            tasks = conn.execute(
                "SELECT dag_id, run_id, task_id, state FROM task_instance"
                " WHERE state IN ('running', 'queued', 'scheduled', 'restarting')"
            ).fetchall()
        return runs, tasks


def _names(key: str, body: bytes) -> set[str] | None:
    """Return the names in a pack, or nothing for a single page; None if it cannot be read."""
    try:
        text = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
        if ".tar" not in key:
            return set()
        with tarfile.open(fileobj=io.BytesIO(text)) as pack:
            return set(pack.getnames())
    except (OSError, EOFError, tarfile.TarError):
        return None
