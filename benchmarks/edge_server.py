"""The measured server process: the product, and on a second port what it is compared with.

The second port has no interceptors: `Ceiling` streams batches that lie ready in memory, `Bare`
answers GetVersion with constants, `Watch` passes on what `Tell` is told. Settings come from
EDGE_GRPC_* as for the product; the ports are printed as one line of JSON. EDGE_BENCH_COMPANY names
the company whose chunks the ceiling sends.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
from uuid import UUID

import asyncpg
import grpc

from edge_grpc import batches, logs
from edge_grpc.server import Server, channel_options, collect_seldom
from edge_grpc.settings import Settings, from_environment
from edge_grpc.v1 import sync_pb2 as sync

TOKEN_LIKE = "x" * 300  # as long as a resume token


class Compared:
    """What the product is measured against, in its own process."""

    def __init__(self, settings: Settings, company: UUID) -> None:
        self._dsn = settings.dsn.get_secret_value()
        self._company = company
        self._ready: dict[int, list[bytes]] = {}
        self._told: asyncio.Future[bytes] | None = None

    async def load(self) -> None:
        """Put the batches together once; chunks of the company have to be there."""
        conn = await asyncpg.connect(self._dsn)
        found = await conn.fetch(
            "SELECT body FROM edge.product_chunks WHERE company_id = $1 AND records > 0"
            " ORDER BY brand_id, first_id",
            self._company,
        )
        bodies = [row["body"] for row in found]
        self._ready = {
            count: [
                batches.batch("product", bodies[i : i + count], TOKEN_LIKE)
                for i in range(0, len(bodies), count)
            ]
            for count in (1, 2)
        }
        await conn.close()

    async def ceiling(self, request: bytes, context: grpc.aio.ServicerContext) -> None:
        """Write all batches, of as many chunks each as the request is bytes long."""
        if not self._ready:
            await self.load()
        for batch in self._ready[len(request)]:
            await context.write(batch)

    async def bare(self, request: bytes, _context: object) -> bytes:
        asked = sync.GetVersionRequest.FromString(request)
        answer = sync.GetVersionResponse(epoch=asked.company_id, version=1)
        answer.changed_at.GetCurrentTime()
        return answer.SerializeToString()

    async def watch(self, _request: bytes, context: grpc.aio.ServicerContext) -> None:
        """Write an empty message, then whatever all watches are told, by one shared future."""
        await context.write(b"")
        while True:
            if self._told is None:
                self._told = asyncio.get_running_loop().create_future()
            await context.write(await self._told)

    async def tell(self, request: bytes, _context: object) -> bytes:
        told, self._told = self._told, None
        if told:
            told.set_result(request)
        return b""

    def handlers(self) -> grpc.GenericRpcHandler:
        return grpc.method_handlers_generic_handler(
            "bench",
            {
                "Ceiling": grpc.unary_stream_rpc_method_handler(self.ceiling),
                "Bare": grpc.unary_unary_rpc_method_handler(self.bare),
                "Watch": grpc.unary_stream_rpc_method_handler(self.watch),
                "Tell": grpc.unary_unary_rpc_method_handler(self.tell),
            },
        )


async def serve() -> None:
    settings = from_environment(os.environ)
    logs.to_stderr(settings.log_level)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    compared = Compared(settings, UUID(os.environ["EDGE_BENCH_COMPANY"]))
    plain = grpc.aio.server(options=channel_options(settings))
    plain.add_generic_rpc_handlers((compared.handlers(),))
    port = plain.add_insecure_port("127.0.0.1:0")
    async with Server(settings).running() as server:
        await plain.start()
        collect_seldom()
        print(json.dumps({"product": server.port, "compared": port}), flush=True)
        await stop.wait()
        await plain.stop(0)


def main() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    asyncio.run(serve())


if __name__ == "__main__":
    main()
