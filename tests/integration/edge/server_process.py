"""The server as the process that operators run, with its log and its metrics page."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from edge_grpc.client.session import Credentials


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@dataclass
class ServerProcess:
    """A running `python -m edge_grpc serve`."""

    process: Any
    port: int
    metrics_port: int
    log: list[str] = field(default_factory=list)

    def lines(self, message: str) -> list[dict[str, Any]]:
        found = [json.loads(line) for line in self.log if line.startswith("{")]
        return [line for line in found if line["message"] == message]

    async def until(self, message: str, count: int = 1) -> list[dict[str, Any]]:
        """Wait until the log holds so many lines of a kind."""
        async with asyncio.timeout(60):
            while len(found := self.lines(message)) < count:
                raw = await self.process.stderr.readline()
                assert raw, "\n".join(self.log)
                self.log.append(raw.decode().rstrip())
        return found

    async def stop(self) -> int:
        """Send SIGTERM; return the exit code after the whole log was read."""
        self.process.send_signal(signal.SIGTERM)
        rest, code = await asyncio.gather(self.process.stderr.read(), self.process.wait())
        self.log += rest.decode().splitlines()
        return code

    async def metrics(self) -> dict[tuple[str, frozenset[str]], float]:
        """Return the metrics page: figures by name and label values."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.metrics_port)
        writer.write(b"GET /metrics HTTP/1.0\r\n\r\n")
        page = (await reader.read()).decode().partition("\r\n\r\n")[2]
        writer.close()
        return {
            (sample.name, frozenset(sample.labels.values())): sample.value
            for family in text_string_to_metric_families(page)
            for sample in family.samples
        }

    def credentials(self, shop: Any, **changes: Any) -> Credentials:
        return Credentials(
            target=f"localhost:{self.port}",
            client_id=shop.client_id,
            client_secret=shop.client_secret,
            **{"insecure": True, **changes},
        )


@asynccontextmanager
async def served(office: Any, *, workers: int = 1, **environment: str):
    """Run the server on ports of its own until the block ends."""
    port, metrics_port = free_port(), free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "edge_grpc", "serve"),
        env={
            **os.environ,
            "EDGE_GRPC_DSN": office.dsn,
            "EDGE_GRPC_KEYS_FILE": str(office.keys_file),
            "EDGE_GRPC_LISTEN": f"127.0.0.1:{port}",
            "EDGE_GRPC_METRICS_LISTEN": f"127.0.0.1:{metrics_port}",
            "EDGE_GRPC_WATCH_JITTER_SECONDS": "0",
            "EDGE_GRPC_DRAIN_SECONDS": "2",
            "EDGE_GRPC_WORKERS": str(workers),
            "EDGE_GRPC_INSECURE": "1",
            **environment,
        },
        stderr=asyncio.subprocess.PIPE,
        limit=1 << 20,
    )
    running = ServerProcess(process, port, metrics_port)
    try:
        await running.until("serving", workers)
        yield running
    finally:
        if process.returncode is None:
            await running.stop()
