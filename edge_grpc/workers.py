"""Several server processes on one port: the kernel spreads connections over them.

A worker that dies is started again; SIGTERM or SIGINT drains all of them.
"""

from __future__ import annotations

import logging
import multiprocessing
import signal
import socket
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from types import FrameType

logger = logging.getLogger(__name__)
_RESTART_SECONDS = 1.0


@contextmanager
def reserved_port(address: str) -> Generator[str]:
    """Hold a port while workers come and go; port 0 becomes one that all of them share."""
    host, _, port = address.rpartition(":")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as reserved:
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        reserved.bind((host.strip("[]"), int(port)))
        yield f"{host}:{reserved.getsockname()[1]}"


def run_workers(count: int, serve: Callable[[int], None]) -> None:
    """Run `serve(number)` in that many processes until a signal comes; restart those that die."""
    spawn = multiprocessing.get_context("spawn")  # gRPC's threads do not survive a fork
    stopping = False
    running: dict[int, BaseProcess] = {}

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True
        for process in running.values():
            process.terminate()

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, stop)
    while not stopping or any(process.is_alive() for process in running.values()):
        for number in range(count):
            if not stopping and (number not in running or not running[number].is_alive()):
                if number in running:
                    logger.error("worker %d ended with %s", number, running[number].exitcode)
                process = spawn.Process(target=serve, args=(number,), name=f"edge-{number}")
                process.start()
                running[number] = process  # now that a signal can reach it
                if stopping:  # the signal came while it was started
                    process.terminate()
        time.sleep(_RESTART_SECONDS if not stopping else 0.05)
