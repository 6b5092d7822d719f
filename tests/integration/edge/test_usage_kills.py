"""Uploads amid kill -9 of server and client at random instants: each use counts exactly once.

An edge's outbox is uploaded by processes that are killed, against a server that is killed, while a
second sender keeps sending random samples of the same records, out of order. Every hundredth record
takes back another one and may come before it. `EDGE_SEED` draws another order of kills.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import signal
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass

import grpc
import pytest

from edge_grpc.client.outbox import Outbox
from edge_grpc.client.session import Credentials, Session
from edge_grpc.client.store import open_database, transaction
from edge_grpc.v1 import usage_pb2 as usage
from tests.integration.edge.server_process import free_port
from tests.integration.edge.uses import use_of

pytestmark = pytest.mark.integration
logger = logging.getLogger(__name__)
LONG = int(os.environ.get("EDGE_UPLOADS", "200000"))
SEED = int(os.environ.get("EDGE_SEED", "5"))
SETTLED = {usage.USAGE_VERDICT_ACCEPTED, usage.USAGE_VERDICT_DUPLICATE}


def start(module, *arguments, **environment):
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@dataclass
class Tallies:
    """What a run has done, for its report."""

    server_kills: int = 0
    client_kills: int = 0
    sent_again: int = 0
    said_duplicate: int = 0
    broken_calls: int = 0


class Chaos:
    """A server and an edge, as processes that are killed."""

    def __init__(self, office, shop, path, chance):
        self.shop, self.path, self.chance = shop, path, chance
        self.port, self.tallies = free_port(), Tallies()
        self._serve = {
            "EDGE_GRPC_DSN": office.dsn,
            "EDGE_GRPC_KEYS_FILE": str(office.keys_file),
            "EDGE_GRPC_LISTEN": f"127.0.0.1:{self.port}",
            "EDGE_GRPC_INSECURE": "1",
            "EDGE_GRPC_BURST": "100000",
            "EDGE_GRPC_CREDENTIAL_CHECKS_PER_MINUTE": "100000",
        }
        self._upload = {
            "EDGE_CLIENT_TARGET": f"127.0.0.1:{self.port}",
            "EDGE_CLIENT_CLIENT_ID": shop.client_id,
            "EDGE_CLIENT_CLIENT_SECRET": shop.client_secret,
            "EDGE_CLIENT_INSECURE": "1",
            "EDGE_CLIENT_DATABASE": str(path),
        }
        self._processes = {}

    def start_server(self):
        self._processes["server"] = start("edge_grpc", "serve", **self._serve)

    def start_client(self):
        self._processes["client"] = start("edge_grpc.client", "usage", "upload", **self._upload)

    def client_is_done(self):
        return self._processes["client"].poll() is not None

    def kill(self, name):
        process = self._processes.pop(name, None)
        if process is not None:
            process.send_signal(signal.SIGKILL)
            process.wait()

    def credentials(self):
        return Credentials(
            target=f"127.0.0.1:{self.port}",
            client_id=self.shop.client_id,
            client_secret=self.shop.client_secret,
            insecure=True,
        )

    async def upload(self, outbox, kills):
        """Upload the outbox, killing so many times at most while there is something left."""
        step = max(1, outbox.counts()["pending"] // max(1, kills))
        self.start_server()
        while left := outbox.counts()["pending"]:
            self.start_client()
            await self._until(outbox, left - self.chance.randint(0, step) if kills else 0)
            if kills and outbox.counts()["pending"]:
                kills -= 1
                self._kill_one()
            self.kill("client")

    def _kill_one(self):
        if self.chance.random() < 0.5:
            self.tallies.client_kills += 1
            return
        self.tallies.server_kills += 1
        self.kill("server")
        self.start_server()

    async def _until(self, outbox, pending):
        """Wait until no more than so many are pending, or the client has ended."""
        async with asyncio.timeout(120):
            while outbox.counts()["pending"] > pending and not self.client_is_done():  # noqa: ASYNC110
                await asyncio.sleep(0.01)  # another process writes the file

    async def send_again(self, conn, uses, until):
        """Send samples of all records, in any order, through another connection until the end."""
        async with Session(self.credentials()) as session:
            while not until.is_set():
                rows = [self.chance.randint(1, uses) for _ in range(200)]
                marks = ",".join(map(str, rows))
                query = f"SELECT body FROM usages WHERE rowid IN ({marks}) ORDER BY random()"
                records = [usage.UsageRecord.FromString(row[0]) for row in conn.execute(query)]
                try:
                    await self._send(session, records)
                except grpc.aio.AioRpcError as error:
                    if error.code() is not grpc.StatusCode.UNAVAILABLE:
                        raise
                    self.tallies.broken_calls += 1
                    await asyncio.sleep(0.05)  # the server is starting

    async def _send(self, session, records):
        request = usage.UploadUsageBatchRequest(**self.shop.tenant, records=records)
        answer = await session.stub.UploadUsageBatch(request, metadata=await session.metadata())
        self.tallies.sent_again += len(records)
        for result in answer.results:
            early = result.reason == usage.USAGE_REJECT_REASON_UNKNOWN_ORIGINAL
            assert result.verdict in SETTLED or early, result
            self.tallies.said_duplicate += result.verdict == usage.USAGE_VERDICT_DUPLICATE

    def end(self):
        for name in tuple(self._processes):
            self.kill(name)


def fill(outbox, conn, shop, promotions, uses):
    """Put uses into the outbox, each hundredth taking back the one before; return the ids."""
    made = []
    with transaction(conn):
        for number in range(uses):
            record = use_of(
                shop,
                promotions[number // 100 % len(promotions)],
                usage_id=str(uuid.uuid4()),
                bill_id=f"B{number}",
                reverses_usage_id=made[-1] if number % 100 == 99 else "",
            )
            made.append(outbox.add(record))
    return made


async def upload_amid_kills(office, shop, path, *, uses, kills):
    promotions = [office.add_promotion(shop) for _ in range(7)]
    chance = random.Random(SEED)
    conn = open_database(path)
    outbox = Outbox(conn)
    made = fill(outbox, conn, shop, promotions, uses)
    chaos, done = Chaos(office, shop, path, chance), asyncio.Event()
    began = time.monotonic()
    again = asyncio.create_task(chaos.send_again(conn, uses, done))
    try:
        uploading = asyncio.create_task(chaos.upload(outbox, kills))
        await asyncio.wait({uploading, again}, return_when=asyncio.FIRST_COMPLETED)
        done.set()
        await asyncio.gather(uploading, again)
    finally:
        chaos.end()
    logger.warning("%d uses in %.0f s, %s", uses, time.monotonic() - began, chaos.tallies)
    counts = outbox.counts()
    conn.close()
    assert counts == {"pending": 0, "synced": uses, "refused": 0}
    stored = [str(row[0]) for row in office.rows("SELECT usage_id FROM edge.promotion_usages")]
    assert len(stored) == uses
    assert set(stored) == set(made)
    taken_back = "SELECT count(*) FROM edge.promotion_usages WHERE reverses_usage_id IS NOT NULL"
    assert office.value(taken_back) == uses // 100
    return chaos.tallies


async def test_killed_server_and_client_still_count_each_use_once(office, shop, tmp_path):
    tallies = await upload_amid_kills(office, shop, tmp_path / "edge.sqlite", uses=3000, kills=5)

    assert tallies.server_kills + tallies.client_kills >= 3
    assert tallies.said_duplicate > 0


@pytest.mark.soak
@pytest.mark.timeout(0)
async def test_killed_server_and_client_still_count_each_of_very_many_uses_once(
    office, shop, tmp_path
):
    path, kills = tmp_path / "edge.sqlite", max(10, LONG // 2000)

    tallies = await upload_amid_kills(office, shop, path, uses=LONG, kills=kills)

    assert min(tallies.server_kills, tallies.client_kills) >= kills // 10
