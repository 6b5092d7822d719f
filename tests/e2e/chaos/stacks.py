"""Two stacks: the servers, and the product, which reaches each server through a line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from sandbox import plan, stack, state
from sandbox.home import DEFAULT_HOME, Home
from sandbox.part import Part
from sandbox.state import TASK_HEARTBEAT, WORKERS
from tests.airflow_user import stack_of_its_own
from tests.e2e.chaos.proxy import HOST, Lines

SERVERS = ("postgres", "mongo", "redis", "s3", "vendors")


@dataclass(frozen=True)
class Stacks:
    """Where everything is: `direct` variables for the checker, `product` ones go through lines."""

    servers: Home
    product: Home
    direct: dict[str, str]
    variables: dict[str, str]
    lines: Lines
    groups: tuple[str, ...]

    def home_of(self, part: str) -> Home:
        return self.servers if part in SERVERS else self.product

    def parts(self) -> dict[str, Part]:
        """Return every part that can be disturbed; each server's health is asked by its line."""
        known = state.load(self.servers)
        seen = {**known.ports, **{name: self.lines.port(name) for name in SERVERS}}
        servers = plan.build(self.servers, replace(known, ports=seen), ["services", "vendors"])
        product = plan.build(self.product, state.load(self.product), self.groups)
        found = {name: servers[name] for name in SERVERS}
        return found | {name: part for name, part in product.items() if part.healthy}

    def pid(self, part: str) -> tuple[str, int | None]:
        """Return a part's stage and process, as its supervisor tells."""
        told = stack.status(self.home_of(part)).get("parts", {}).get(part, {})
        return told.get("stage", ""), told.get("pid")


@contextmanager
def started(
    name: str, *, workers: int, heartbeat: int = 30, groups: tuple[str, ...] = ("airflow", "edge")
) -> Iterator[Stacks]:
    """Start both, empty, with so many Celery workers; everything is stopped at the end.

    A task is taken for dead after `heartbeat` seconds of silence: longer than any stop lasts.
    """
    servers, product = (Home(DEFAULT_HOME / f"{name}{what}") for what in ("-servers", ""))
    with (
        stack_of_its_own(servers.root, only="services,vendors") as direct,
        Lines() as lines,
    ):
        known = state.load(servers)
        choices = _lines_to(lines, known, direct)
        # The vendors' keys and the database's password are those of the servers.
        secrets = {"secrets": known.secrets}
        with stack_of_its_own(
            product.root,
            only=",".join(groups),
            remembered=secrets,
            **choices,
            **{WORKERS: str(workers), TASK_HEARTBEAT: str(heartbeat)},
        ) as variables:
            ports = state.load(product).ports
            lines.open("vendors", known.ports["vendors"], ports["vendors"])
            edge = lines.open("edge", ports["edge"])
            here = {"EDGE_CLIENT_TARGET": f"{HOST}:{edge}"}
            yield Stacks(servers, product, direct, variables | here, lines, groups)


def _lines_to(lines: Lines, known: state.State, direct: dict[str, str]) -> dict[str, str]:
    """Open a line to each server but the vendors; return the variables that name them instead."""
    at = {name: lines.open(name, known.ports[name]) for name in SERVERS if name != "vendors"}
    moved = {
        "SANDBOX_POSTGRES_URI": (direct["WAREHOUSE_DSN"], "postgres"),
        "SANDBOX_REDIS_URL": (direct["REDIS_URL"], "redis"),
        "SANDBOX_MONGO_URI": (direct["MONGO_URI"], "mongo"),
        "SANDBOX_S3_ENDPOINT_URL": (direct["S3_ENDPOINT_URL"], "s3"),
    }
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION")
    return {
        **{name: _moved(address, at[part]) for name, (address, part) in moved.items()},
        **{f"SANDBOX_{name}": direct[name] for name in names},
        "SANDBOX_SMTP_URL": direct["SMTP_URL"],
    }


def _moved(address: str, port: int) -> str:
    parts = urlsplit(address)
    login, at, _ = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{login}{at}{HOST}:{port}").geturl()
