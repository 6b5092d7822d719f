"""Keys change while stores work: a new one signs, the old one goes, and nobody is cut off."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from contextlib import AsyncExitStack

import grpc
import pytest

from edge_grpc.client.agent import Agent, watch_versions
from edge_grpc.client.outbox import Outbox
from edge_grpc.client.session import Session
from edge_grpc.client.store import EdgeStore, open_database
from edge_grpc.client.sync import Syncer
from edge_grpc.client.uploads import Uploader
from tests.integration.edge.conftest import credentials
from tests.integration.edge.uses import use_of

pytestmark = pytest.mark.integration
EDGES = 6


class RunningEdge:
    """A store's edge with a till, at work in the background."""

    def __init__(self, session, path, shop, promotion):
        self.shop, self.promotion = shop, promotion
        self.conns = [open_database(path), open_database(path)]
        self.store, self.outbox = EdgeStore(self.conns[0]), Outbox(self.conns[1])
        uploader = Uploader(session, self.outbox)
        agent = Agent(session, self.store, Syncer(session, self.store), uploader)
        self.tasks = [
            asyncio.create_task(agent.run(upload_seconds=0.1)),
            asyncio.create_task(self.sell()),
        ]

    async def sell(self):
        while True:
            self.outbox.add(use_of(self.shop, self.promotion))
            await asyncio.sleep(0.05)

    async def stop(self):
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def close(self):
        for conn in self.conns:
            conn.close()


@pytest.fixture
def rotate(office):
    """What an operator types; the second step takes everything but the newest key away."""

    async def command():
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "edge_grpc", "keys", "rotate"),
            env={"EDGE_GRPC_KEYS_FILE": str(office.keys_file)},
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await process.communicate()
        assert process.returncode == 0
        return out.decode()

    return command


def remove_old_keys(office):
    kept = json.loads(office.keys_file.read_text())["keys"]
    newest = max(kept, key=lambda key: key["created_at"])
    changed = office.keys_file.with_suffix(".new")
    changed.write_text(json.dumps({"keys": [newest]}))
    changed.replace(office.keys_file)


async def test_edges_work_on_while_keys_rotate_and_the_old_one_goes(
    office, serving, rotate, tmp_path
):
    company = office.add_company()
    shops = [await office.add_shop(company) for _ in range(EDGES)]
    promotion = office.add_promotion(shops[0])
    async with serving() as server, AsyncExitStack() as opened, asyncio.timeout(60):
        edges = []
        for number, shop in enumerate(shops):
            session = await opened.enter_async_context(Session(credentials(server, shop)))
            edges.append(RunningEdge(session, tmp_path / f"{number}.sqlite", shop, promotion))
            opened.push_async_callback(edges[-1].stop)

        async def all_work():
            """Wait until every edge has a change that is made now, and has uploaded something."""
            office.add_category(shops[0])
            version = office.value(
                "SELECT version FROM edge.versions WHERE company_id = %s", company
            )
            before = [edge.outbox.counts()["synced"] for edge in edges]
            while not all(  # noqa: ASYNC110 - what an edge has is on its disk
                edge.store.fact("applied_version", -1) >= version
                and edge.outbox.counts()["synced"] > count
                for edge, count in zip(edges, before, strict=True)
            ):
                await asyncio.sleep(0.02)

        await all_work()
        said = await rotate()
        await all_work()
        remove_old_keys(office)
        await all_work()

        for edge in edges:
            await edge.stop()

    assert "2 verify" in said
    states = Counter()
    for edge in edges:
        states.update(edge.outbox.counts())
        edge.close()
    assert states["refused"] == 0
    assert office.value("SELECT count(*) FROM edge.promotion_usages") >= states["synced"] > 0
    assert office.value("SELECT count(*) FROM edge.usage_rejects") == 0


async def test_watch_that_a_removed_key_refuses_comes_with_a_new_token(office, session, rotate):
    await session.grant()
    await rotate()
    remove_old_keys(office)

    with pytest.raises(grpc.RpcError) as refused:
        await anext(watch_versions(session))
    watch = watch_versions(session)
    told = await anext(watch)
    await watch.aclose()

    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
    assert told.is_new
