"""A stack's data in one directory, and back: what `docs/operations.md` describes for production.

Both databases by `pg_dump`, MongoDB's documents by the product's own archive, the objects of the
buckets one file each, and the secrets without which none of it can be read. Flows may go on while
a backup is made. Redis is left out: it holds pace and dashboards, which come back by themselves.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import boto3

from sandbox import stack, state
from sandbox.environment import AUDIT_BUCKET, CLICK_BUCKET, postgres_uri
from sandbox.home import PRODUCT, Home, write_private
from sandbox.postgres import DATABASES, binaries, without_password

_SECRETS = ("state.json", "edge-keys.json")
_MANIFEST = "manifest.json"
_DOCUMENTS = "mongo.bson.gz"


def back_up(home: Home, where: Path) -> dict[str, dict[str, float]]:
    """Write a running stack's data into a new directory; return bytes and seconds of each part."""
    if where.exists():
        message = f"{where} is there already: a backup goes into a directory of its own."
        raise stack.StackError(message)
    partly = where.with_name(f"{where.name}.part")
    shutil.rmtree(partly, ignore_errors=True)
    partly.mkdir(mode=0o700, parents=True)
    known = stack.variables(home)
    parts: dict[str, Callable[[], object]] = {
        # First what points at others: an object or a token that is newer harms nobody.
        **{name: _dumping(home, name, partly) for name in DATABASES},
        "mongo": lambda: _product(known, "documents", "dump", str(partly / _DOCUMENTS)),
        "objects": lambda: _copy_objects(known, partly / "objects"),
        "secrets": lambda: [_copy(home.root / name, partly / name) for name in _SECRETS],
    }
    found = {name: _measured(work, partly) for name, work in parts.items()}
    write_private(partly / _MANIFEST, json.dumps(found, indent=2))
    partly.rename(where)
    return found


def restore(home: Home, where: Path) -> dict[str, Any]:
    """Make a stack of a backup, in a home without data; return seconds and what was made safe.

    Raises StackError where there is data already: `reset` it first. The servers are up afterwards.
    """
    if not (where / _MANIFEST).exists():
        message = f"{where} holds no backup that was finished ({_MANIFEST} is missing)."
        raise stack.StackError(message)
    if home.data("postgres").exists() or stack.running(home):
        message = f"{home.root} has data: stop and delete it first with `python -m sandbox reset`."
        raise stack.StackError(message)
    began = time.monotonic()
    home.create()
    for name in _SECRETS:
        _copy(where / name, home.root / name)
    stack.up(home, ["services"])
    known = stack.variables(home)
    for name in DATABASES:
        _refill(home, name, where / f"{name}.dump")
    _product(known, "documents", "load", str(where / _DOCUMENTS))
    _put_objects(known, where / "objects")
    _product(known, "migrate")
    done = json.loads(_product(known, "restored", "--json"))
    return {"seconds": round(time.monotonic() - began, 1), **done}


def _dumping(home: Home, name: str, where: Path) -> Callable[[], object]:
    uri = postgres_uri(state.load(home), name, "warehouse_backup")
    return lambda: _postgres("pg_dump", "-Fc", "-f", str(where / f"{name}.dump"), uri=uri)


def _refill(home: Home, name: str, dump: Path) -> None:
    """Replace a database by what was dumped of it."""
    admin = postgres_uri(state.load(home), "postgres")
    for statement in (f"DROP DATABASE {name} WITH (FORCE)", f"CREATE DATABASE {name}"):
        _postgres("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", statement, uri=admin)
    uri = postgres_uri(state.load(home), name)
    # `migrate` gives the roles their rights; there need not be the same roles here.
    options = ("--exit-on-error", "--no-owner", "--no-privileges")
    _postgres("pg_restore", *options, str(dump), uri=uri, option="-d")


def _postgres(tool: str, *arguments: str, uri: str, option: str = "") -> None:
    """Run a tool of PostgreSQL."""
    address, secret = without_password(uri)
    target = [option, address] if option else [address]
    _run([str(binaries() / tool), *arguments, *target], secret)


def _product(known: Mapping[str, str], *arguments: str) -> str:
    return _run([str(PRODUCT / "bin/python"), "-m", "vendor_sync", *arguments], known)


def _run(command: list[str], known: Mapping[str, str]) -> str:
    done = subprocess.run(
        command, env={**os.environ, **known}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        message = f"{Path(command[0]).name} failed ({done.returncode}): {done.stderr.strip()}"
        raise stack.StackError(message)
    return done.stdout


def _s3(known: Mapping[str, str]) -> Any:  # noqa: ANN401 - boto3 makes its clients at run time
    return boto3.client(  # pyright: ignore[reportUnknownMemberType]
        "s3",
        endpoint_url=known["S3_ENDPOINT_URL"],
        aws_access_key_id=known["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=known["AWS_SECRET_ACCESS_KEY"],
        region_name=known["AWS_DEFAULT_REGION"],
    )


def _copy_objects(known: Mapping[str, str], where: Path) -> None:
    client = _s3(known)
    for bucket in (AUDIT_BUCKET, CLICK_BUCKET):
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            for item in page.get("Contents", ()):
                file = (where / bucket / item["Key"]).resolve()
                if not file.is_relative_to((where / bucket).resolve()):
                    message = f"{bucket} has a key that is no path: {item['Key']!r}"
                    raise stack.StackError(message)
                file.parent.mkdir(parents=True, exist_ok=True)
                client.download_file(bucket, item["Key"], str(file))


def _put_objects(known: Mapping[str, str], where: Path) -> None:
    client = _s3(known)
    for bucket in (AUDIT_BUCKET, CLICK_BUCKET):
        for file in sorted((where / bucket).rglob("*")):
            if file.is_file():
                client.upload_file(str(file), bucket, str(file.relative_to(where / bucket)))


def _copy(source: Path, target: Path) -> None:
    if source.exists():
        write_private(target, source.read_text())


def _measured(work: Callable[[], object], where: Path) -> dict[str, float]:
    before, began = _bytes(where), time.monotonic()
    work()
    return {"seconds": round(time.monotonic() - began, 2), "bytes": _bytes(where) - before}


def _bytes(where: Path) -> int:
    return sum(file.stat().st_size for file in where.rglob("*") if file.is_file())
