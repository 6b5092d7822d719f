"""TCP lines between the product and its servers, which can be slow, or refuse.

Ours, as no kept proxy with faults installs from PyPI, Debian or npm without a compiler (decision
0060). It knows nothing of protocols: bytes go through, later, or not at all.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Self, TypeVar

HOST = "127.0.0.1"
_CHUNK = 1 << 16
# Lingering for no time at all: the other side is reset, not told that all was said.
_RESET = struct.pack("ii", 1, 0)
T = TypeVar("T")


class Line:
    """One port that leads to another; `refuse` cuts what is open and lets nobody in."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._delay = 0.0
        self.port = 0

    async def start(self, port: int = 0) -> int:
        """Listen, at a free port unless told otherwise; return the port."""
        self._server = await asyncio.start_server(self._connected, HOST, port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self.port

    async def slow(self, seconds: float) -> None:
        """Let every chunk wait so long before it goes on, in both directions."""
        self._delay = seconds

    async def refuse(self) -> None:
        """Reset every connection, and refuse new ones."""
        if self._server:
            self._server.close()
            self._server = None
        for writer in list(self._open):
            open_socket = writer.get_extra_info("socket")
            open_socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            writer.transport.abort()

    async def calm(self) -> None:
        """Be as good as no line at all."""
        self._delay = 0.0
        if self._server is None:
            await self.start(self.port)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            with suppress(OSError):
                there = await asyncio.open_connection(HOST, self._target)
                self._open.add(there[1])
                try:
                    await asyncio.gather(self._pump(reader, there[1]), self._pump(there[0], writer))
                finally:
                    self._end(there[1])
        finally:
            self._end(writer)

    def _end(self, writer: asyncio.StreamWriter) -> None:
        self._open.discard(writer)
        writer.transport.abort() if writer.transport.is_closing() else writer.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(_CHUNK):
            if self._delay:
                await asyncio.sleep(self._delay)
            writer.write(chunk)
            await writer.drain()
        # One side has said all; the other may still answer.
        if writer.can_write_eof() and not writer.transport.is_closing():
            writer.write_eof()


class Lines:
    """Lines by name, in a thread of their own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="lines", daemon=True)
        self._lines: dict[str, Line] = {}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for line in self._lines.values():
            self._run(line.refuse())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def __contains__(self, name: str) -> bool:
        return name in self._lines

    def open(self, name: str, target: int, port: int = 0) -> int:
        """Lead a port to a server's; return the port."""
        self._lines[name] = Line(target)
        return self._run(self._lines[name].start(port))

    def port(self, name: str) -> int:
        return self._lines[name].port

    def slow(self, name: str, seconds: float) -> None:
        self._run(self._lines[name].slow(seconds))

    def refuse(self, name: str) -> None:
        self._run(self._lines[name].refuse())

    def calm(self, name: str) -> None:
        self._run(self._lines[name].calm())

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)
