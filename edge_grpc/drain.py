"""The end of a server process, as its streams see it."""

from __future__ import annotations

import asyncio

from edge_grpc.errors import UnavailableError


class Drain:
    """`begun`: take leave where nothing is lost. `pressing`: leave at the next frame."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.pressing = asyncio.Event()

    def check(self) -> None:
        """End a stream between two frames, when the time has come; it resumes elsewhere."""
        if self.pressing.is_set():
            reason = "DRAINING"
            message = "This server stops: go on with the last resume token."
            raise UnavailableError(reason, message, retry_seconds=0.1)

    async def run(self, seconds: float) -> None:
        """Let streams end by themselves for half of the time, then have them leave."""
        self.begun.set()
        await asyncio.sleep(seconds / 2)
        self.pressing.set()
