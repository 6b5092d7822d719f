"""Thousands of idle watches: what each costs, how fast a change reaches all, and storms of calls.

The edges run in processes of their own, each watch on a connection of its own, with the token of a
store of its own. A storm is all of them calling at once: at the start, and again after all have
been cut. The clock that times a change is the machine's, the same for all processes. Then the same
edges watch a bare handler of the same process: what the machine, transport and edges cost.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

import grpc

from benchmarks.edge_full import SERVICE
from benchmarks.edge_stage import Process, Stage, Store
from edge_grpc.v1 import sync_pb2 as sync

PROCESSES = 4
_WATCH = f"{SERVICE}/WatchVersion"
_CHANGES = 8
_PATIENCE = 20
_OPTIONS = [("grpc.use_local_subchannel_pool", 1)]
_CHANGE = (
    "UPDATE edge.categories SET sort_order = sort_order + 1 WHERE category_id ="
    " (SELECT min(category_id::text)::uuid FROM edge.categories WHERE company_id = %s)"
)
Measured = dict[str, float]


def run(stage: Stage, streams: int, say: Callable[[str], None]) -> Measured:
    """Open the watches, cut them, open them again, and time some changes."""
    stores = stage.stores(streams)
    with stage.server(watch_heartbeat_seconds=600) as process:
        with _edges(process.said["product"], _WATCH, stores) as edges:
            measured = {"streams": float(streams)} | _stormed(process, edges, streams, say)
            changes = [_change(stage, edges, streams) for _ in range(_CHANGES)]
        with _edges(process.said["compared"], "/bench/Watch", stores) as edges:
            _storm(edges, say)
            time.sleep(2)
            told = [_tell(process, edges, streams, n + 1) for n in range(_CHANGES)]
    measured |= {f"fanout_{name}": value for name, value in _quantiles(changes).items()}
    measured |= {f"bare_{name}": value for name, value in _quantiles(told).items()}
    measured["lost"] = float(sum(missing for _, missing in changes))
    say("  ".join(f"{name} {value:,.1f}" for name, value in measured.items()))
    return measured


def _stormed(
    process: Process, edges: Sequence[Connection], streams: int, say: Callable[[str], None]
) -> Measured:
    """Return what the watches cost once all have called, and once all have called again."""
    before = process.rss_kib()
    refused = _storm(edges, say)
    time.sleep(2)
    once = (process.rss_kib() - before) / streams
    for edge in edges:
        edge.send("cut")
    for edge in edges:
        edge.recv()
    refused += _storm(edges, say)
    time.sleep(2)
    again = (process.rss_kib() - before) / streams
    return {
        "kb_per_stream": once,
        "kb_per_stream_after_storm": again,
        "refused": float(refused),
    }


def _quantiles(changes: Sequence[tuple[list[float], int]]) -> Measured:
    late = sorted(at for heard, _ in changes for at in heard)
    return {"p50_ms": late[len(late) // 2] * 1000, "p99_ms": late[int(len(late) * 0.99)] * 1000}


def _storm(edges: Sequence[Connection], say: Callable[[str], None]) -> int:
    began = time.perf_counter()
    for edge in edges:
        edge.send("call")
    refused = sum(edge.recv() for edge in edges)
    say(f"all called at once: {time.perf_counter() - began:.1f} s, {refused} refused")
    return refused


def _change(stage: Stage, edges: Sequence[Connection], streams: int) -> tuple[list[float], int]:
    """Change something; return how long each watch took to hear of it, and how many never did."""
    with stage.connect() as conn:
        conn.autocommit = False
        conn.execute(_CHANGE, (stage.company,))
        began = time.time()
        conn.commit()
        query = "SELECT version FROM edge.versions WHERE company_id = %s"
        version = conn.execute(query, (stage.company,)).fetchone()
    return _heard(edges, streams, version[0] if version else 0, began)


def _tell(
    process: Process, edges: Sequence[Connection], streams: int, number: int
) -> tuple[list[float], int]:
    """Have the bare handler pass a message on."""
    message = sync.WatchVersionResponse(version=number).SerializeToString()
    with grpc.insecure_channel(f"127.0.0.1:{process.said['compared']}") as channel:
        tell: Any = channel.unary_unary("/bench/Tell")
        grpc.channel_ready_future(channel).result()
        began = time.time()
        tell(message)
    return _heard(edges, streams, number, began)


def _heard(
    edges: Sequence[Connection], streams: int, version: int, began: float
) -> tuple[list[float], int]:
    for edge in edges:
        edge.send(version)
    heard = [at - began for edge in edges for at in edge.recv()]
    return heard, streams - len(heard)


@contextmanager
def _edges(port: int, method: str, stores: Sequence[Store]) -> Iterator[list[Connection]]:
    spawn = multiprocessing.get_context("spawn")
    ends: list[Connection] = []
    running = []
    for number in range(PROCESSES):
        here, there = spawn.Pipe()
        edge = spawn.Process(target=_edge, args=(there, port, method, stores[number::PROCESSES]))
        edge.start()
        running.append(edge)
        ends.append(here)
    try:
        for end in ends:
            end.recv()
        yield ends
    finally:
        for edge in running:
            edge.kill()
            edge.join()


def _edge(pipe: Connection, port: int, method: str, stores: Sequence[Store]) -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    asyncio.run(_Edges(pipe, port, method, stores).serve())


class _Edges:
    """Many edges in one process."""

    def __init__(self, pipe: Connection, port: int, method: str, stores: Sequence[Store]) -> None:
        self._pipe = pipe
        self._method = method
        self._target = f"127.0.0.1:{port}"
        self._stores = stores
        self._watches: list[asyncio.Task[None]] = []
        self._refused = 0
        self._first = 0
        self._heard: dict[int, list[float]] = {}

    async def serve(self) -> None:
        loop = asyncio.get_running_loop()
        self._pipe.send("ready")
        while True:
            asked = await loop.run_in_executor(None, self._pipe.recv)
            if asked == "call":
                self._pipe.send(await self._call())
            elif asked == "cut":
                for watch in self._watches:
                    watch.cancel()
                await asyncio.gather(*self._watches, return_exceptions=True)
                self._pipe.send("done")
            else:
                self._pipe.send(await self._wait(asked))

    async def _call(self) -> int:
        self._refused = self._first = 0
        self._watches = [asyncio.create_task(self._watch(store)) for store in self._stores]
        while self._first + self._refused < len(self._stores):  # noqa: ASYNC110 - thousands set it
            await asyncio.sleep(0.05)
        return self._refused

    async def _watch(self, store: Store) -> None:
        request = sync.WatchVersionRequest(**store.tenant).SerializeToString()
        told = False
        try:
            async with grpc.aio.insecure_channel(self._target, options=_OPTIONS) as channel:
                call: Any = channel.unary_stream(self._method)
                async for raw in call(request, metadata=store.metadata, wait_for_ready=True):
                    at = time.time()
                    version = sync.WatchVersionResponse.FromString(raw).version
                    self._heard.setdefault(version, []).append(at)
                    if not told:
                        told = True
                        self._first += 1
        except grpc.RpcError:
            if not told:
                self._refused += 1

    async def _wait(self, version: int) -> list[float]:
        end = time.time() + _PATIENCE
        wanted = len(self._stores)
        while time.time() < end and len(self._heard.get(version, ())) < wanted:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        return self._heard.get(version, [])
