"""Stores' edges that sync, watch and upload all the while, and the head office that they follow."""

from __future__ import annotations

import asyncio
import logging
import random
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from edge_grpc.client.agent import Agent
from edge_grpc.client.outbox import Outbox
from edge_grpc.client.session import Credentials, Session
from edge_grpc.client.store import EdgeStore, open_database
from edge_grpc.client.sync import Syncer
from edge_grpc.client.uploads import Uploader
from edge_grpc.v1 import types_pb2 as types
from edge_grpc.v1 import usage_pb2 as usage
from tests.integration.edge.conftest import HeadOffice, Shop
from tests.integration.edge.held import contents
from tests.integration.edge.plain_edge import PlainEdge

logger = logging.getLogger(__name__)
PRODUCTS = 300
PROMOTIONS = 10
_USES_EVERY = (0.1, 0.6)  # seconds, drawn evenly
_CHANGES_EVERY = (0.5, 3.0)
_LIVES = (10.0, 60.0)
_CALM_SECONDS = 240.0
_CHANGES = [
    f"{change} WHERE company_id = %s {rest}"
    for change, rest in (
        ("UPDATE edge.products SET base_price = base_price + 1", "AND random() < 0.05"),
        ("UPDATE edge.products SET is_active = NOT is_active", "AND random() < 0.02"),
        (
            "UPDATE edge.promotions SET execution_priority = execution_priority + 1",
            "AND random() < 0.3",
        ),
        (
            """INSERT INTO edge.products (company_id, brand_id, sku, name, base_price)
            SELECT company_id, brand_id, gen_random_uuid()::text, 'P', 2 FROM edge.products""",
            "LIMIT 1",
        ),
    )
]


@dataclass
class Edge:
    """One store's edge: its file outlives it, and so does what it has put into its outbox."""

    shop: Shop
    promotions: list[str]
    path: Path
    chance: random.Random
    made: list[str] = field(default_factory=list)
    starts: int = 0
    errors: list[str] = field(default_factory=list)

    def credentials(self, target: str) -> Credentials:
        return Credentials(
            target=target,
            client_id=self.shop.client_id,
            client_secret=self.shop.client_secret,
            insecure=True,
        )

    async def live(self, target: str, stop: asyncio.Event) -> None:
        """Run the agent until told to stop, cutting it off at random moments."""
        while not stop.is_set():
            self.starts += 1
            life = asyncio.create_task(self._run(target))
            ended = asyncio.create_task(stop.wait())
            lasting = self.chance.uniform(*_LIVES)
            await asyncio.wait({life, ended}, timeout=lasting, return_when="FIRST_COMPLETED")
            ended.cancel()
            if life.done():
                self.errors.append(f"edge {self.shop.store_id} gave up: {life.exception()!r}")
            life.cancel()
            await asyncio.gather(life, ended, return_exceptions=True)

    async def _run(self, target: str) -> None:
        conns = [open_database(self.path) for _ in range(2)]
        try:
            async with Session(self.credentials(target)) as session:
                store, outbox = EdgeStore(conns[0]), Outbox(conns[1])
                agent = Agent(session, store, Syncer(session, store), Uploader(session, outbox))
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(agent.run(upload_seconds=1))
                    tasks.create_task(self._sell(outbox))
        finally:
            for conn in conns:
                conn.close()

    async def _sell(self, outbox: Outbox) -> None:
        while True:
            await asyncio.sleep(self.chance.uniform(*_USES_EVERY))
            is_void = self.made and self.chance.random() < 0.05
            record = usage.UsageRecord(
                usage_id=str(uuid.uuid4()),
                promotion_id=self.chance.choice(self.promotions),
                bill_id=f"B{len(self.made)}",
                store_id=self.shop.store_id,
                brand_id=self.shop.brand_id,
                discount_amount=types.Money(currency_code="IDR", units=5000),
            )
            if is_void:
                self._take_back(record)
            record.used_at.GetCurrentTime()
            self.made.append(outbox.add(record))

    def _take_back(self, record: usage.UsageRecord) -> None:
        """Have a use take back one of the same promotion, which nothing has taken back yet."""
        conn = open_database(self.path)
        bodies = [row[0] for row in conn.execute("SELECT body FROM usages ORDER BY made_at")]
        conn.close()
        uses = [usage.UsageRecord.FromString(body) for body in bodies]
        taken = {use.reverses_usage_id for use in uses}
        free = [use for use in uses if not use.reverses_usage_id and use.usage_id not in taken]
        if free:
            original = self.chance.choice(free)
            record.reverses_usage_id = original.usage_id
            record.promotion_id = original.promotion_id

    async def settle(self, target: str) -> dict[str, int]:
        """Sync and upload once more, undisturbed; return what is in the outbox then."""
        conn = open_database(self.path)
        try:
            async with asyncio.timeout(_CALM_SECONDS), Session(self.credentials(target)) as session:
                await Syncer(session, EdgeStore(conn)).sync()
                await Uploader(session, Outbox(conn)).upload()
            return Outbox(conn).counts()
        finally:
            conn.close()

    async def difference(self, target: str) -> tuple[int, list[str], list[str]]:
        """Return how many records the store has, and which the edge lacks or has otherwise."""
        conn = open_database(self.path)
        held: dict[Any, Any] = dict(contents(conn))
        conn.close()
        async with Session(self.credentials(target)) as session:
            truth = (await PlainEdge("Sync", by_clock=False, **self.shop.tenant).sync(session)).held
        lacking = [str(key) for key in truth if held.get(key) != truth[key]]
        return len(truth), lacking, [str(key) for key in held if key not in truth]


class Edges:
    """All edges, living in a thread of their own, and their head office."""

    def __init__(self, variables: Mapping[str, str], folder: Path, seed: int, *, stores: int):
        self._target = variables["EDGE_CLIENT_TARGET"]
        self._dsn = variables["WAREHOUSE_DSN"]
        self._chance = random.Random(f"{seed}/office")
        self._folder, self._seed, self._stores = folder, seed, stores
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._live, name="edges", daemon=True)
        self.changes = 0
        self.edges: list[Edge] = []
        self.errors: list[str] = []

    def begin(self) -> None:
        """Make a company with its stores, and let them live."""
        with psycopg.connect(self._dsn, autocommit=True) as conn:
            self.edges = self._loop.run_until_complete(self._found(conn))
        self._thread.start()

    def end(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self.errors += [error for edge in self.edges for error in edge.errors]

    def settle(self) -> list[dict[str, int]]:
        return [self._loop.run_until_complete(edge.settle(self._target)) for edge in self.edges]

    def differences(self) -> list[tuple[int, list[str], list[str]]]:
        ends = (edge.difference(self._target) for edge in self.edges)
        return [self._loop.run_until_complete(end) for end in ends]

    async def _found(self, conn: psycopg.Connection[Any]) -> list[Edge]:
        office = HeadOffice(conn, self._dsn, self._folder)
        first = await office.add_shop()
        office.run(
            "INSERT INTO edge.products (company_id, brand_id, sku, name, base_price)"
            " SELECT %s, %s, n::text, 'P', 1 FROM generate_series(1, %s) AS n",
            *(first.company_id, first.brand_id, PRODUCTS),
        )
        promotions = [office.add_promotion(first, max_uses=1) for _ in range(PROMOTIONS)]
        office.add_promotion(first)  # which nobody uses: the audit says so
        more = [
            await office.add_shop(first.company_id, first.brand_id) for _ in range(self._stores - 1)
        ]
        return [
            Edge(
                shop, promotions, self._folder / f"edge-{number}.sqlite",
                random.Random(f"{self._seed}/edge/{number}"),
            )
            for number, shop in enumerate([first, *more])
        ]  # fmt: skip

    def _live(self) -> None:
        self._loop.run_until_complete(self._all())

    async def _all(self) -> None:
        await asyncio.gather(
            self._change_things(), *(edge.live(self._target, self._stop) for edge in self.edges)
        )

    async def _change_things(self) -> None:
        """Change prices and promotions, as people do; what the database refuses is not done."""
        company = self.edges[0].shop.company_id
        while not self._stop.is_set():
            await asyncio.sleep(self._chance.uniform(*_CHANGES_EVERY))
            try:
                await asyncio.to_thread(self._change, self._chance.choice(_CHANGES), company)
            except psycopg.Error:
                continue
            self.changes += 1

    def _change(self, query: str, company: str) -> None:
        with psycopg.connect(self._dsn, autocommit=True, connect_timeout=5) as conn:
            conn.execute(query, [company])  # pyright: ignore[reportArgumentType]
