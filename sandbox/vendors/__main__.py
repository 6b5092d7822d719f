"""Start the vendor sandbox; prints `{"port": ...}` when it listens, stops on SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import logging
import os
import signal
import sys
from pathlib import Path

from aiohttp import web

from sandbox.vendors.control import DEFAULT_KEYS
from sandbox.vendors.control_routes import DEFAULT_SEED, application
from sandbox.vendors.journal import Journal
from sandbox.vendors.server import VendorServer

DEFAULT_OFFERS = 1_000
FEW_ENTITIES = 500


def main() -> None:
    # A page is thousands of short-lived objects without cycles: looking for them costs a third.
    gc.set_threshold(100_000, 20, 50)
    arguments = _parser().parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    keys = {**DEFAULT_KEYS, **json.loads(os.environ.get("VENDOR_SANDBOX_KEYS", "{}"))}
    server = VendorServer(keys, Journal(arguments.state_dir))
    if not server.restore():
        first = {"trackier": {"offers": arguments.size}, "broadstreet": {"entities": FEW_ENTITIES}}
        server.reset(arguments.seed, first)
    asyncio.run(_listen(server, arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox.vendors", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    parser.add_argument("--state-dir", type=Path, help="keeps changes over a restart")
    parser.add_argument(
        "--stop-with-parent", action="store_true", help="end when standard input is closed"
    )
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED)
    parser.add_argument(
        "--size", type=int, default=DEFAULT_OFFERS, help="offers in the first world"
    )
    return parser


async def _listen(server: VendorServer, arguments: argparse.Namespace) -> None:
    runner = web.AppRunner(application(server), access_log=None, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, arguments.host, arguments.port, shutdown_timeout=0.5).start()
    sys.stdout.write(json.dumps({"port": runner.addresses[0][1]}) + "\n")
    sys.stdout.flush()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    if arguments.stop_with_parent:
        # The pipe closes however the parent ends, also when it is killed.
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), stopped.set)
    await stopped.wait()
    await runner.cleanup()


if __name__ == "__main__":
    main()
