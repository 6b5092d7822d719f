"""Full syncs: from memory, from the chunk table, packed; beside the ceiling and the JSON peer."""

from __future__ import annotations

import http.client
import time
import zlib
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import grpc
import msgspec

from benchmarks.edge_stage import Process, Stage, Store
from edge_grpc.client.store import unpacked
from edge_grpc.v1 import sync_frames_pb2 as frames
from edge_grpc.v1 import sync_pb2 as sync

Measured = dict[str, float]
_OPTIONS = [("grpc.max_receive_message_length", 8 << 20)]
SERVICE = "/edge_grpc.v1.EdgeSyncService"


def measure(process: Process, rows: int, work: Callable[[], int]) -> Measured:
    """Run a download; return rows a second, bytes, and what it cost the server."""
    cpu, began = process.cpu_seconds(), time.perf_counter()
    size = work()
    seconds = time.perf_counter() - began
    return {
        "rows_s": rows / seconds,
        "seconds": seconds,
        "bytes": size,
        "cpu_s": process.cpu_seconds() - cpu,
        "rss_mb": process.rss_kib() / 1024,
    }


def ceiling(process: Process, *, chunks: int = 1) -> int:
    """Stream what lies ready in memory, in batches of so many chunks."""
    return _stream(process.said["compared"], "/bench/Ceiling", bytes(chunks), (), parse=False)


def full_sync(process: Process, store: Store, *, packed: bool = False, parse: bool = False) -> int:
    """Sync a store's products from nothing, as its edge does, but for keeping them."""
    codecs = [frames.CODEC_GZIP] if packed else []
    request = sync.SyncRequest(**store.tenant, codecs=codecs).SerializeToString()
    port = process.said["product"]
    return _stream(port, f"{SERVICE}/Sync", request, store.metadata, parse=parse)


def _stream(port: int, method: str, request: bytes, metadata: Any, *, parse: bool) -> int:  # noqa: ANN401
    with grpc.insecure_channel(f"127.0.0.1:{port}", options=_OPTIONS) as channel:
        call: Any = channel.unary_stream(method)
        size, last = 0, b""
        for frame in call(request, metadata=metadata):
            size += len(frame)
            last = frame
            if parse:
                unpacked(sync.SyncResponse.FromString(frame).batch)
        if metadata and not sync.SyncResponse.FromString(last).HasField("checkpoint"):
            raise AssertionError(method)
        return size


def rest(process: Process, store: Store, *, gzip: bool, parse: bool) -> tuple[int, int]:
    """Walk the JSON peer's pages on one connection; return bytes and rows."""
    connection = http.client.HTTPConnection("127.0.0.1", process.said["port"])
    headers = {"Accept-Encoding": "gzip"} if gzip else {}
    after, size, rows = None, 0, 0
    decode = msgspec.json.Decoder().decode
    while True:
        asked = {"store": store.store_id} | ({"after": after} if after else {})
        connection.request("GET", f"/products?{urlencode(asked)}", headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        size += len(body)
        if answer.headers.get("Content-Encoding") == "gzip":  # not so for a few bytes
            body = zlib.decompress(body, 31)
        if parse:
            page = decode(body)
            rows, after = rows + len(page["products"]), page["next"]
        else:  # what comes last says where to go on
            tail = decode(b"{" + body[body.rindex(b'"next"') :])
            rows, after = rows + 500, tail["next"]
        if after is None:
            connection.close()
            return size, rows


def run(stage: Stage, rounds: int, say: Callable[[str], None]) -> list[dict[str, Measured]]:
    """Measure everything once a round, one after the other."""
    store, plain = stage.stores(2)
    many = stage.stores(1, code="S1")[0]
    n, found = stage.products, []
    wide = {"calls_per_minute": 100_000, "burst": 100_000}
    with (
        stage.server(**wide) as warm,
        stage.server(chunk_cache_mb=0, **wide) as cold,
        stage.peer() as peer,
    ):
        say("building chunks, and warming up")
        built = measure(cold, n, lambda: full_sync(cold, store))
        for packed in (False, True):
            full_sync(cold, store, packed=packed)
        full_sync(warm, store)
        ceiling(warm)
        work: Mapping[str, tuple[Process, Callable[[], int]]] = {
            "ceiling": (warm, lambda: ceiling(warm)),
            "ceiling_pairs": (warm, lambda: ceiling(warm, chunks=2)),
            "warm": (warm, lambda: full_sync(warm, plain)),
            "warm_priced": (warm, lambda: full_sync(warm, store)),
            "ceiling_cold": (cold, lambda: ceiling(cold)),
            "chunks": (cold, lambda: full_sync(cold, store)),
            "chunks_many": (cold, lambda: full_sync(cold, many)),
            "chunks_parsed": (cold, lambda: full_sync(cold, store, parse=True)),
            "packed": (cold, lambda: full_sync(cold, store, packed=True)),
            "packed_parsed": (cold, lambda: full_sync(cold, store, packed=True, parse=True)),
            "rest": (peer, lambda: rest(peer, store, gzip=False, parse=True)[0]),
            "rest_gzip": (peer, lambda: rest(peer, store, gzip=True, parse=False)[0]),
        }
        for _ in range(rounds):
            one: dict[str, Measured] = {"built": built}
            for name, (process, download) in work.items():
                one[name] = measure(process, n, download)
                cpu = one[name]["cpu_s"] / n * 1e6
                say(f"{name} {one[name]['rows_s']:,.0f} rows/s, {cpu:.2f} CPU seconds a million")
            found.append(one)
    return found
