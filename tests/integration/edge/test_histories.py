"""Random histories: after each sync the edge holds what a from-scratch snapshot of its store holds.

`histories.py` says how a history is drawn. While it lives, the edge's streams are cut at random
frames, its process and the server are started again, and others write during a stream; in one
history of three a second edge, written from the contract alone, follows with a call and filter of
its own, by cursor or by `updated_since`. A failure names its seed, which can be lived again:

    make soak-edge EDGE_HISTORIES=1 EDGE_SEED=<seed> ARGS='-k equals_a_snapshot'
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import time
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import psycopg
import pytest

from edge_grpc.client.session import Session
from edge_grpc.client.store import EdgeStore, open_database
from edge_grpc.client.sync import Syncer
from edge_grpc.v1 import sync_frames_pb2 as frames
from tests.integration.edge.conftest import credentials
from tests.integration.edge.held import contents
from tests.integration.edge.histories import Clock, History
from tests.integration.edge.plain_edge import PlainEdge

pytestmark = pytest.mark.integration
logger = logging.getLogger(__name__)
# 1110: the clock passes a boundary between a stream's break and its resumption.
SHORT = [*range(100), 1110]
HISTORIES = int(os.environ.get("EDGE_HISTORIES", "10000"))
FIRST = int(os.environ.get("EDGE_SEED", "10000"))
PART = 100  # histories of one database
STEPS = 8


class CutError(Exception):
    """The stream breaks here."""


@dataclass
class Tallies:
    """What a run of histories has done, for its report."""

    histories: int = 0
    syncs: int = 0
    cuts: int = 0
    restarts: int = 0
    given_up: int = 0
    changes: dict = field(default_factory=dict)

    def add(self, history):
        self.histories += 1
        self.given_up += history.given_up
        for name in history.log:
            self.changes[name] = self.changes.get(name, 0) + 1


class Lane:
    """A server that histories share, one after the other, and the connections they write with."""

    def __init__(self, office, serving, clock, conns):
        self._office, self._serving, self._clock = office, serving, clock
        self._conns, self._stack, self._port = conns, AsyncExitStack(), 0
        self.tallies = Tallies()

    async def restart(self):
        """Stop the server with whatever it is sending, and start it again on its port."""
        await self._stack.aclose()
        start = self._serving(
            dsn=self._clock.dsn,
            listen=f"127.0.0.1:{self._port}",
            drain_seconds=0.05,
            chunk_records=4,  # so that chunks are split, emptied and built again all the time
        )
        self.server = await self._stack.enter_async_context(start)
        self._port = self.server.port

    async def aclose(self):
        await self._stack.aclose()

    async def live(self, seed, folder):
        chance = random.Random(seed)
        shop = await self._office.add_shop()
        other = await self._office.add_shop(shop.company_id)
        main, *writers = self._conns
        history = History(self._office, self._clock, shop, other, chance, main, writers)
        folder.mkdir()
        try:
            async with Life(self, history, folder / "edge.sqlite") as life:
                for _ in range(STEPS):
                    await life.step()
                history.settle()
                await life.sync_and_compare()
        except BaseException as error:
            error.add_note(f"EDGE_SEED={seed}: {' '.join(history.log)}")
            raise
        finally:
            history.settle()
        self.tallies.add(history)
        self._office.run("DELETE FROM edge.companies WHERE company_id = %s", shop.company_id)


class Life:
    """A history with the edges that follow it."""

    def __init__(self, lane, history, path):
        self._lane, self._history, self._path = lane, history, path
        self._tallies, self._chance, self._shop = lane.tallies, history.chance, history.shop
        self._second = second_edge(self._chance, history)

    async def __aenter__(self):
        self._session = Session(credentials(self._lane.server, self._shop))
        return self

    async def __aexit__(self, *_error):
        await self._session.__aexit__(*_error)

    async def step(self):
        for _ in range(self._chance.randint(0, 3)):
            self._history.change()
        if self._chance.random() < 0.02:
            await self._lane.restart()
            self._tallies.restarts += 1
        await self.sync_and_compare()

    async def sync_and_compare(self):
        held = await self._sync_with_breaks()
        scratch = await PlainEdge("Sync", **self._shop.tenant).sync(self._session)
        assert held == scratch.held
        if self._second is not None and self._chance.random() < 0.7:
            await self._second.sync(self._session)
            fresh = PlainEdge(self._second.call, **self._second.fields)
            assert self._second.held == (await fresh.sync(self._session)).held, fresh.fields
            self._tallies.syncs += 1
        self._tallies.syncs += 1

    async def _sync_with_breaks(self):
        """Sync an edge that is cut at random frames while others write; return what it holds."""
        for _ in range(self._chance.choice((0, 0, 1, 3))):
            await self._sync_while_writing()
        conn = self._open()
        await Syncer(self._session, EdgeStore(conn), patience=4).sync()
        found = contents(conn)
        conn.close()
        return found

    async def _sync_while_writing(self):
        conn = self._open()
        cut = cutter(self._chance.randint(1, 4))
        stops = self._chance.random() < 0.01
        if stops:
            writing = asyncio.create_task(self._lane.restart())
        else:
            writing = asyncio.create_task(asyncio.to_thread(self._history.change))
        try:
            await Syncer(self._session, EdgeStore(conn), patience=4).sync(cut)
        except CutError:
            self._tallies.cuts += 1
        finally:
            await writing
            conn.close()
        self._tallies.restarts += stops

    def _open(self):
        """Open the edge's file as a process that was started again; no power cuts here."""
        conn = open_database(self._path)
        conn.execute("PRAGMA synchronous = OFF")
        return conn


def second_edge(chance, history):
    """Draw an edge with a call and filter of its own, for one history in three."""
    if chance.random() > 1 / 3:
        return None
    shop = history.shop
    call = chance.choice(("Sync", "SyncProducts", "SyncPromotions", "SyncCategories"))
    brand = chance.choice((shop.brand_id, history.other.brand_id))
    fields = dict(shop.tenant)
    if call == "SyncProducts" or chance.random() < 0.5:
        fields["brand_id"] = brand
    if chance.random() < 0.5:
        activity = chance.choice((frames.ACTIVITY_ALL, frames.ACTIVITY_ACTIVE_ONLY))
        fields["filter"] = frames.SyncFilter(activity=activity)
        if chance.random() < 0.4:
            fields["filter"].product_mask.paths[:] = ["name", "base_price"]
            fields["filter"].promotion_mask.paths[:] = ["code", "validity"]
    return PlainEdge(call, by_clock=chance.random() < 0.3, **fields)


def cutter(frames_left):
    left = iter(range(frames_left))

    def cut(_progress):
        if next(left, None) is None:
            raise CutError

    return cut


@asynccontextmanager
async def lane_of(office, serving):
    name = office.conn.info.dbname
    office.run(f"ALTER DATABASE {name} SET synchronous_commit = off")
    with ExitStack() as opened:
        opened.callback(office.run, f"ALTER DATABASE {name} RESET synchronous_commit")
        conns = [opened.enter_context(psycopg.connect(office.owner_dsn)) for _ in range(4)]
        for conn in conns:
            conn.execute("SET lock_timeout = '50ms'")
            conn.commit()
        conns[0].autocommit = True
        lane = Lane(office, serving, Clock(office), conns)
        await lane.restart()
        try:
            yield lane
        finally:
            await lane.aclose()


@pytest.mark.usefixtures("no_repairs")
async def test_time_that_passes_while_a_stream_is_broken_is_in_its_end(
    office, serving, shop, tmp_path
):
    clock = Clock(office)
    office.run("UPDATE edge.promotion_sync_settings SET sync_strategy = 'current_only'")
    office.run(
        "INSERT INTO edge.products (company_id, brand_id, sku, name, base_price)"
        " SELECT %s, %s, n::text, 'P', 1 FROM generate_series(1, 2500) AS n",
        *(shop.company_id, shop.brand_id),
    )
    day = clock.now().date()
    ends = office.add_promotion(shop, start_on=day - timedelta(9), end_on=day + timedelta(1))
    starts = office.add_promotion(shop, start_on=day + timedelta(3))
    conn = open_database(tmp_path / "edge.sqlite")
    store = EdgeStore(conn)
    async with serving(dsn=clock.dsn) as server, Session(credentials(server, shop)) as session:
        with pytest.raises(CutError):
            await Syncer(session, store).sync(cutter(3))
        clock.set(clock.now() + timedelta(days=5))
        progress = await Syncer(session, store).sync()

    held = {row[0] for row in conn.execute("SELECT id FROM promotions")}
    conn.close()
    assert progress.mode == "changes"
    assert (ends in held, starts in held) == (False, True)


@pytest.mark.usefixtures("no_repairs")
@pytest.mark.parametrize("part", range(4))  # workers share them
async def test_edge_always_equals_a_snapshot(office, serving, tmp_path, part):
    async with lane_of(office, serving) as lane:
        for seed in SHORT[part::4]:
            await lane.live(seed, tmp_path / str(seed))


@pytest.mark.soak
@pytest.mark.timeout(0)
@pytest.mark.usefixtures("no_repairs")
@pytest.mark.parametrize("part", range((HISTORIES - 1) // PART + 1))
async def test_edge_always_equals_a_snapshot_for_long(office, serving, tmp_path, part):
    began = time.monotonic()
    async with lane_of(office, serving) as lane:
        for seed in range(FIRST + part * PART, FIRST + min(HISTORIES, (part + 1) * PART)):
            await lane.live(seed, tmp_path / str(seed))
    logger.warning("%.0f s, %s", time.monotonic() - began, lane.tallies)
