"""Asks each server in its own protocol whether it can work: an open port is not enough."""

from __future__ import annotations

import http.client
import json
import os
import socket
import struct
import subprocess
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from pathlib import Path

from sandbox.state import HOST

Check = Callable[[float], bool]
_TIMEOUT = 2.0


def _refused_is_unhealthy(check: Check) -> Check:
    @wraps(check)
    def guarded(started: float) -> bool:
        try:
            return check(started)
        except (OSError, ValueError, http.client.HTTPException):
            return False

    return guarded


def _ask(port: int, message: bytes, size: int = 4096) -> bytes:
    with socket.create_connection((HOST, port), timeout=_TIMEOUT) as connection:
        connection.sendall(message)
        return connection.recv(size)


def postgres(port: int) -> Check:
    """Healthy when a startup packet is answered with 'R', the request for a password."""
    body = struct.pack("!i", 196608) + b"user\0postgres\0database\0postgres\0\0"
    packet = struct.pack("!i", len(body) + 4) + body
    return _refused_is_unhealthy(lambda _: _ask(port, packet, 1) == b"R")


def redis(port: int, password: str) -> Check:
    """Healthy when a PING is answered: not while the server still loads its file."""
    message = f"AUTH {password}\r\nPING\r\nQUIT\r\n".encode()

    def check(_: float) -> bool:
        with socket.create_connection((HOST, port), timeout=_TIMEOUT) as connection:
            connection.sendall(message)
            with connection.makefile("rb") as answers:
                return b"+PONG" in answers.read()

    return _refused_is_unhealthy(check)


def mongo(port: int) -> Check:
    """Healthy when OP_MSG {ping: 1, $db: "admin"} is answered with ok."""
    document = b"\x10ping\0\x01\0\0\0" + b"\x02$db\0\x06\0\0\0admin\0"
    document = struct.pack("<i", len(document) + 5) + document + b"\0"
    message = struct.pack("<iiiiIB", 21 + len(document), 1, 0, 2013, 0, 0) + document
    return _refused_is_unhealthy(lambda _: b"\x01ok\0" in _ask(port, message))


def smtp(port: int) -> Check:
    """Healthy when the greeting is 220."""
    return _refused_is_unhealthy(lambda _: _ask(port, b"", 3) == b"220")


def http_ok(port: int, path: str) -> Check:
    """Healthy when GET answers 200."""
    return _refused_is_unhealthy(lambda _: _get(port, path)[0] == http.client.OK)


def airflow_heartbeat(port: int, component: str) -> Check:
    """Healthy when the API server has seen a heartbeat of the component since it was started."""

    def check(started: float) -> bool:
        status, body = _get(port, "/api/v2/monitor/health")
        if status != http.client.OK:
            return False
        beat = json.loads(body)[component].get(f"latest_{component}_heartbeat")
        return bool(beat) and datetime.fromisoformat(beat).timestamp() >= started

    return _refused_is_unhealthy(check)


def celery_worker(program: Path, broker: str, address: str) -> Check:
    """Healthy when the worker of this address answers a ping through the broker."""
    # The broker's password goes by the environment: arguments are everybody's to see.
    environ = {"CELERY_BROKER_URL": broker, "PATH": os.defpath}
    command = [program, "inspect", "ping", "--destination", address, "--timeout", str(_TIMEOUT)]

    def check(_: float) -> bool:
        asked = subprocess.run(command, env=environ, capture_output=True, check=False, cwd="/")
        return asked.returncode == 0

    return _refused_is_unhealthy(check)


def _get(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(HOST, port, timeout=_TIMEOUT)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()
