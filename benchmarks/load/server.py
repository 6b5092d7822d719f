"""The edge server that is loaded: the product's own command, with settings as behind a proxy."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge_grpc import keys
from sandbox.home import REPOSITORY

_PATIENCE_SECONDS = 30
_SETTINGS = {
    # Each token is renewed twice in ten minutes.
    "EDGE_GRPC_TOKEN_SECONDS": "240",
    # All edges come from one address, as those behind a proxy do.
    "EDGE_GRPC_CREDENTIAL_CHECKS_PER_MINUTE": "6000",
    "EDGE_GRPC_INSECURE": "1",
    "EDGE_GRPC_LOG_LEVEL": "WARNING",
}


@contextmanager
def running(folder: Path) -> Iterator[tuple[str, int]]:
    """Serve until the block ends, with the login of EDGE_GRPC_DSN; yield address and process id."""
    address = f"127.0.0.1:{_free_port()}"
    keys_file = folder / "keys.json"
    keys.rotate(keys_file)
    environment = {
        **os.environ,
        **_SETTINGS,
        "EDGE_GRPC_KEYS_FILE": str(keys_file),
        "EDGE_GRPC_LISTEN": address,
        "EDGE_GRPC_METRICS_LISTEN": "",
    }
    command = [sys.executable, "-m", "edge_grpc", "serve"]
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(command, env=environment, stderr=log, cwd=REPOSITORY)
        try:
            _wait_until_served(address, process)
            yield address, process.pid
        finally:
            process.terminate()
            process.wait(_PATIENCE_SECONDS)


def _wait_until_served(address: str, process: subprocess.Popen[bytes]) -> None:
    host, _, port = address.rpartition(":")
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    message = f"The edge server did not start; see its log (exit code {process.poll()})."
    raise SystemExit(message)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]
