"""What a stack remembers between starts: its ports, its secrets, and servers that are not ours."""

from __future__ import annotations

import base64
import json
import os
import secrets
import socket
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from sandbox.home import DEFAULT_HOME, Home, read_json, write_private

HOST = "127.0.0.1"
PREFERRED_PORTS = {
    "postgres": 25432,
    "mongo": 27117,
    "s3": 29000,
    "redis": 26379,
    "smtp": 21025,
    "vendors": 28090,
    "airflow-api-server": 28080,
    "edge": 28051,
    "edge-metrics": 28052,
}
VENDORS = (
    "trackier",
    "meta",
    "tiktok",
    "snapchat",
    "shopify",
    "woocommerce",
    "salla",
    "zid",
    "broadstreet",
    "fx",
    "webhook",
)
# What may log in to the warehouse beside its owner: sql/roles says what each is for.
ROLES = (
    "vendor_flows",
    "sync_center",
    "edge_server",
    "edge_admin",
    "head_office",
    "warehouse_reader",
    "warehouse_backup",
)
# The real server that replaces a part, by the variable that names it.
REPLACEMENTS = {
    "postgres": "SANDBOX_POSTGRES_URI",
    "mongo": "SANDBOX_MONGO_URI",
    "s3": "SANDBOX_S3_ENDPOINT_URL",
    "redis": "SANDBOX_REDIS_URL",
    "smtp": "SANDBOX_SMTP_URL",
}
_REPLACEMENT_DETAILS = (
    "SANDBOX_AWS_ACCESS_KEY_ID",
    "SANDBOX_AWS_SECRET_ACCESS_KEY",
    "SANDBOX_AWS_DEFAULT_REGION",
)
WORKERS = "SANDBOX_AIRFLOW_WORKERS"
TASK_HEARTBEAT = "SANDBOX_TASK_HEARTBEAT_TIMEOUT"
DAG_SECONDS = "SANDBOX_DAG_SECONDS"
STATSD_PORT = "SANDBOX_STATSD_PORT"
# The address of a collector of traces (OTLP over gRPC), as OpenTelemetry names it.
COLLECTOR = "OTEL_EXPORTER_OTLP_ENDPOINT"
# Whole numbers of the caller's environment that change what is started.
_CHOICES = {WORKERS: 0, TASK_HEARTBEAT: 60, DAG_SECONDS: 10, STATSD_PORT: 0}


@dataclass(slots=True)
class State:
    """Ports by part, secrets by purpose, and what the caller's environment chose, by variable."""

    ports: dict[str, int] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    external: dict[str, str] = field(default_factory=dict)

    def replaced(self, part: str) -> str | None:
        return self.external.get(REPLACEMENTS.get(part, ""))

    def chosen(self, name: str) -> int:
        """Return the whole number that was chosen, or what holds without a choice."""
        return int(self.external.get(name, _CHOICES[name]))

    def url(self, part: str) -> str:
        return f"http://{HOST}:{self.ports[part]}"


def load(home: Home) -> State:
    saved = read_json(home.state_file)
    return State(**{name: saved.get(name, {}) for name in ("ports", "secrets", "external")})


def prepare(home: Home, *, ports_from: int | None = None) -> State:
    """Return the state for a start: what is missing is generated, a busy port is exchanged."""
    state = load(home)
    state.external = _choices(os.environ)
    state.secrets = _new_secrets() | state.secrets
    wanted = _preferred_ports(home, ports_from)
    if ports_from is None:
        wanted |= {name: port for name, port in state.ports.items() if name in wanted}
    state.ports = {}
    for name, port in wanted.items():
        state.ports[name] = _free_port(port, set(state.ports.values()) | set(wanted.values()))
    write_private(home.state_file, json.dumps(asdict(state), indent=1))
    return state


def survey_ports(home: Home) -> list[tuple[str, int, bool]]:
    """Return for each part the port that a start would try first, and whether it is free."""
    wanted = _preferred_ports(home, None) | load(home).ports
    return [(name, port, _is_free(port)) for name, port in wanted.items()]


def _choices(environment: Mapping[str, str]) -> dict[str, str]:
    for name in _CHOICES:
        if not environment.get(name, "0").isdecimal():
            message = f"{name} is '{environment[name]}': give a whole number"
            raise SystemExit(message)
    names = (*REPLACEMENTS.values(), *_REPLACEMENT_DETAILS, *_CHOICES, COLLECTOR)
    return {name: environment[name] for name in names if environment.get(name)}


def _new_secrets() -> dict[str, str]:
    fernet = ("airflow_fernet", "vendor_sync_fernet")
    words = ("postgres", "redis", "jwt", "session", "admin", "operator", "user", "viewer")
    vendors = tuple(f"vendor_{name}" for name in VENDORS)
    roles = tuple(f"postgres_{name}" for name in ROLES)
    keys = {name: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode() for name in fernet}
    return keys | {name: secrets.token_hex(16) for name in (*words, *roles, *vendors)}


def _preferred_ports(home: Home, ports_from: int | None) -> dict[str, int]:
    """Give each home its own ports, so that two stacks which start together do not meet."""
    if ports_from is None:
        if home.root == DEFAULT_HOME:
            return dict(PREFERRED_PORTS)
        # Below the range that the system hands out to outgoing connections.
        ports_from = 10_000 + 16 * (zlib.crc32(str(home.root).encode()) % 900)
    return {name: ports_from + index for index, name in enumerate(PREFERRED_PORTS)}


def _free_port(wanted: int, taken: set[int]) -> int:
    """Return the wanted port, or the next free one that no other part has or wants.

    Not one that the system picks: it may give that to an outgoing connection while we are down.
    """
    if _is_free(wanted):
        return wanted
    return next(port for port in range(wanted + 1, 65_536) if port not in taken and _is_free(port))


def _is_free(port: int) -> bool:
    with socket.socket() as listener:
        # Without it a port of connections that ended a minute ago would look busy.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError:
            return False
    return True
