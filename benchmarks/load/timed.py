"""The reference client's connection with a stopwatch on each call, and a list of what failed."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import grpc

from edge_grpc.client.backoff import retry_seconds
from edge_grpc.client.session import Credentials, Metadata, Session
from edge_grpc.v1 import sync_frames_pb2 as frames
from edge_grpc.v1 import sync_pb2 as sync

_STREAMS = frozenset({"WatchVersion", "UploadUsage"})


@dataclass(frozen=True, slots=True)
class Heard:
    """News of a version as it reached a store; `at` is None where the store has just called."""

    store_id: str
    epoch: str
    version: int
    at: float | None


@dataclass
class Recorder:
    """What the calls of one process took (seconds, by kind), what they heard and what failed."""

    times: dict[str, list[float]] = field(default_factory=dict)
    failures: Counter[str] = field(default_factory=Counter)
    announced: Counter[str] = field(default_factory=Counter)
    complaints: Counter[str] = field(default_factory=Counter)
    heard: list[Heard] = field(default_factory=list)
    is_on: bool = True  # off while we cancel calls ourselves

    def took(self, kind: str, began: float) -> None:
        if self.is_on:
            self.times.setdefault(kind, []).append(time.perf_counter() - began)

    def failed(self, kind: str, error: grpc.RpcError) -> None:
        """Keep a failure; a rate limit that says when to come again is no error."""
        if not self.is_on:
            return
        code = error.code()
        if code is grpc.StatusCode.RESOURCE_EXHAUSTED and retry_seconds(error) > 0:
            self.announced[kind] += 1
        else:
            self.failures[f"{kind}: {code.name}: {getattr(error, 'details', str)()}"] += 1

    def take(self) -> Recorder:
        """Return what was recorded so far and begin anew."""
        taken = Recorder(self.times, self.failures, self.announced, self.complaints, self.heard)
        self.times, self.heard = {}, []
        self.failures, self.announced, self.complaints = Counter(), Counter(), Counter()
        return taken

    def add(self, other: Recorder) -> None:
        for kind, times in other.times.items():
            self.times.setdefault(kind, []).extend(times)
        self.failures += other.failures
        self.announced += other.announced
        self.complaints += other.complaints
        self.heard += other.heard


class Complaints(logging.Handler):
    """Counts what the client warns of, such as that it had to start over."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__(logging.WARNING)
        self._recorder = recorder

    def emit(self, record: logging.LogRecord) -> None:
        if self._recorder.is_on:
            self._recorder.complaints[record.getMessage().partition("; next try")[0]] += 1


class TimedSession(Session):
    """A session whose calls are recorded."""

    def __init__(self, credentials: Credentials, recorder: Recorder) -> None:
        super().__init__(credentials)
        self._recorder = recorder
        self.stub = _Stub(self.stub, recorder)

    def raw_stream(self, method: str, request: bytes, metadata: Metadata) -> Any:  # noqa: ANN401
        call = super().raw_stream(method, request, metadata)
        return _SyncStream(method, call, self._recorder)


class _Stub:
    def __init__(self, stub: Any, recorder: Recorder) -> None:  # noqa: ANN401 - it has no types
        self._stub = stub
        self._recorder = recorder

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        method = getattr(self._stub, name)
        if name not in _STREAMS:
            return lambda *words, **how: self._unary(name, method(*words, **how))
        if name == "UploadUsage":
            return lambda *words, **how: _Upload(name, method(*words, **how), self._recorder)
        return lambda request, **how: _Watch(
            request.store_id, method(request, **how), self._recorder
        )

    async def _unary(self, name: str, call: Any) -> Any:  # noqa: ANN401
        began = time.perf_counter()
        try:
            answer = await call
        except grpc.RpcError as error:
            self._recorder.failed(name, error)
            raise
        self._recorder.took(name, began)
        return answer


class _Stream:
    """A call of which messages are read one by one."""

    def __init__(self, name: str, call: Any, recorder: Recorder) -> None:  # noqa: ANN401
        self._name = name
        self._call = call
        self._recorder = recorder
        self._began = time.perf_counter()

    async def read(self) -> Any:  # noqa: ANN401
        try:
            return await self._call.read()
        except grpc.RpcError as error:
            self._recorder.failed(self._name, error)
            raise

    def cancel(self) -> None:
        self._call.cancel()


class _SyncStream(_Stream):
    """Times a page from the request to its checkpoint, snapshots and changes apart."""

    _kind = ""

    async def read(self) -> Any:  # noqa: ANN401
        raw = await super().read()
        if raw is grpc.aio.EOF:
            return raw
        frame = sync.SyncResponse.FromString(raw)
        if frame.HasField("hello"):
            is_whole = frame.hello.mode == frames.SYNC_MODE_SNAPSHOT
            self._kind = f"{self._name} {'snapshot' if is_whole else 'delta'}"
        elif frame.HasField("checkpoint"):
            self._recorder.took(self._kind, self._began)
        return raw


class _Upload(_Stream):
    """Times each request until its acknowledgement."""

    _sent = 0.0

    async def write(self, request: Any) -> None:  # noqa: ANN401
        self._sent = time.perf_counter()
        try:
            await self._call.write(request)
        except grpc.RpcError as error:
            self._recorder.failed(self._name, error)
            raise

    async def read(self) -> Any:  # noqa: ANN401
        answer = await super().read()
        if self._sent and answer is not grpc.aio.EOF:
            self._recorder.took(f"{self._name} ack", self._sent)
            self._sent = 0.0
        return answer

    async def done_writing(self) -> None:
        await self._call.done_writing()


class _Watch(_Stream):
    """Reads as soon as something comes: the client itself reads on only when it has synced."""

    def __init__(self, store_id: str, call: Any, recorder: Recorder) -> None:  # noqa: ANN401
        super().__init__("WatchVersion", call, recorder)
        self._store_id = store_id
        self._told: asyncio.Queue[Any] = asyncio.Queue()
        self._reading = asyncio.create_task(self._read_on())

    async def read(self) -> Any:  # noqa: ANN401
        told = await self._told.get()
        if isinstance(told, Exception):
            raise told
        return told

    def cancel(self) -> None:
        super().cancel()
        self._reading.cancel()

    async def _read_on(self) -> None:
        is_first = True
        told: Any = None
        while told is not grpc.aio.EOF:
            try:
                told = await super().read()
            except grpc.RpcError as error:
                self._told.put_nowait(error)
                return
            if told is not grpc.aio.EOF:
                self._hear(told, is_first=is_first)
            is_first = False
            self._told.put_nowait(told)

    def _hear(self, told: sync.WatchVersionResponse, *, is_first: bool) -> None:
        if is_first:
            self._recorder.took("WatchVersion first", self._began)
        if told.is_new and self._recorder.is_on:
            at = None if is_first else time.time()
            heard = Heard(self._store_id, told.epoch, told.version, at)
            self._recorder.heard.append(heard)
