"""GetVersion: its rate beside a bare handler's, its tail at a steady rate and beside full syncs."""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from itertools import count
from typing import Any

import grpc

from benchmarks.edge_full import SERVICE, ceiling, full_sync
from benchmarks.edge_stage import Process, Stage, Store
from edge_grpc.v1 import sync_pb2 as sync

Measured = dict[str, float]
RATE = 1000
STORES = 200
_CONNECTIONS = _IN_FLIGHT = 8
_SYNCS = 4
_SLICES = 5
Ask = Callable[[int], Awaitable[Any]]


def run(stage: Stage, rounds: int, seconds: float, say: Callable[[str], None]) -> list[Measured]:
    """Measure everything once a round, one after the other."""
    stores = stage.stores(STORES)
    found: list[Measured] = []
    # The limits are the product's own where the rate is steady: 200 stores stay below theirs.
    with stage.server() as limited, stage.server(calls_per_minute=10**6, burst=10**6) as server:
        full_sync(server, stores[0])
        for _ in range(rounds):
            measured = asyncio.run(_round(server, limited, stores, seconds))
            with _syncing(server, stores[0]):
                measured["p99_under_syncs_ms"] = asyncio.run(_alone(server, stores, seconds))
            with _syncing(server, None):
                measured["bare_p99_under_streams_ms"] = asyncio.run(
                    _alone(server, stores, seconds, bare=True)
                )
            found.append(measured)
            say("  ".join(f"{name} {value:,.2f}" for name, value in measured.items()))
    return found


async def _round(
    server: Process, limited: Process, stores: Sequence[Store], seconds: float
) -> Measured:
    measured = await _rates(server, stores, seconds)
    async with _asking(limited, stores, connections=64) as ask:
        await _steady(ask, 1)
        times = await _steady(ask, seconds)
        measured |= {"steady_p50_ms": _quantile(times, 0.5), "steady_p99_ms": _quantile(times)}
    measured["p99_idle_ms"] = await _alone(server, stores, seconds)
    return measured


async def _rates(server: Process, stores: Sequence[Store], seconds: float) -> Measured:
    """Return calls a second and what one costs the server, of both by turns: noise meets both."""
    calls: Counter[str] = Counter()
    cpu: dict[str, float] = {"bare": 0.0, "product": 0.0}
    async with (
        _asking(server, stores, bare=True) as bare,
        _asking(server, stores) as product,
    ):
        asks = {"bare": bare, "product": product}
        for ask in asks.values():
            await _saturate(ask, seconds / 4)
        for name in [*asks] * _SLICES:
            before = server.cpu_seconds()
            calls[name] += await _saturate(asks[name], seconds / _SLICES)
            cpu[name] += server.cpu_seconds() - before
    return {
        **{f"{name}_per_s": calls[name] / seconds for name in asks},
        **{f"{name}_cpu_us": cpu[name] / calls[name] * 1e6 for name in asks},
    }


class _asking(AsyncExitStack):  # noqa: N801 - reads as what it does
    """Calls of one method over a few connections, each call by another store."""

    def __init__(
        self, process: Process, stores: Sequence[Store], *, bare: bool = False, connections: int = 8
    ) -> None:
        super().__init__()
        self._stores = stores
        self._port = process.said["compared" if bare else "product"]
        self._method = "/bench/Bare" if bare else f"{SERVICE}/GetVersion"
        self._count = connections

    async def __aenter__(self) -> Ask:  # type: ignore[override]
        options = [("grpc.use_local_subchannel_pool", 1)]
        calls: list[Any] = []
        for _ in range(self._count):
            channel = grpc.aio.insecure_channel(f"127.0.0.1:{self._port}", options=options)
            await self.enter_async_context(channel)
            calls.append(channel.unary_unary(self._method))
        requests = [
            sync.GetVersionRequest(company_id=store.company_id).SerializeToString()
            for store in self._stores
        ]

        async def ask(number: int) -> Any:  # noqa: ANN401
            which = number % len(self._stores)
            call = calls[number % len(calls)]
            return await call(requests[which], metadata=self._stores[which].metadata)

        for number in range(len(self._stores)):  # every token is verified once
            await ask(number)
        return ask


async def _saturate(ask: Ask, seconds: float) -> int:
    """Call as fast as answers come, with a few calls in flight; return how many."""
    numbers, end = count(), time.perf_counter() + seconds

    async def caller() -> None:
        while time.perf_counter() < end:
            await ask(next(numbers))

    await asyncio.gather(*(caller() for _ in range(_CONNECTIONS * _IN_FLIGHT)))
    return next(numbers)


async def _steady(ask: Ask, seconds: float) -> list[float]:
    """Call at the rate, whether or not answers come; return how long each took."""
    times: list[float] = []
    began = time.perf_counter()

    async def one(number: int) -> None:
        sent = time.perf_counter()
        await ask(number)
        times.append(time.perf_counter() - sent)

    async with asyncio.TaskGroup() as tasks:
        for number in range(int(seconds * RATE)):
            due = began + number / RATE
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            tasks.create_task(one(number))
    return times


async def _alone(
    process: Process, stores: Sequence[Store], seconds: float, *, bare: bool = False
) -> float:
    """Return the p99 in ms of one call at a time on one connection."""
    times: list[float] = []
    async with _asking(process, stores, connections=1, bare=bare) as ask:
        end = time.perf_counter() + seconds
        for number in count():
            began = time.perf_counter()
            if began > end:
                return _quantile(times)
            await ask(number)
            times.append(time.perf_counter() - began)
    raise AssertionError


def _quantile(times: Sequence[float], share: float = 0.99) -> float:
    return sorted(times)[int(len(times) * share)] * 1000


@contextmanager
def _syncing(process: Process, store: Store | None) -> Iterator[None]:
    """Have some edges sync everything again and again, from processes of their own.

    Without a store they are sent what lies ready in memory: what the machine has left beside that.
    """
    spawn = multiprocessing.get_context("spawn")
    going = [spawn.Process(target=_sync_forever, args=(process.said, store)) for _ in range(_SYNCS)]
    for edge in going:
        edge.start()
    time.sleep(2)
    try:
        yield
    finally:
        for edge in going:
            edge.kill()
            edge.join()


class _Said:
    """What a process that runs elsewhere has said."""

    def __init__(self, said: dict[str, Any]) -> None:
        self.said = said


def _sync_forever(said: dict[str, Any], store: Store | None) -> None:
    process: Any = _Said(said)
    while True:
        if store:
            full_sync(process, store)
        else:
            ceiling(process)
