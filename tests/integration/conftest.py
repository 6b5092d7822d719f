"""Real servers: each worker has its own database, buckets, Redis and vendor sandbox."""

from __future__ import annotations

import gzip
import json
import os
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import psycopg
import pytest
from psycopg import sql

from sandbox.vendors import control
from sandbox.vendors.control import VendorSandbox
from tests.alerting import People, mails_with
from tests.environment import connection_variables
from vendor_sync.connections import Connection, connection_from_environment
from vendor_sync.migrations import migrate
from vendor_sync.trackier.flow import run_offer_sync


def _from_stack(conn_id: str) -> Connection:
    connection = connection_from_environment(conn_id)
    if connection is None:
        pytest.fail(f"{conn_id} is not set: run the tests with `make test ARGS='...'`")
    return connection


@pytest.fixture(scope="session")
def worker(worker_id):
    """The number of the xdist worker; 0 without xdist."""
    return int(worker_id.removeprefix("gw")) if worker_id != "master" else 0


@pytest.fixture(scope="session")
def vendors():
    """A vendor sandbox of this worker's own."""
    with control.spawn(keys=control.DEFAULT_KEYS) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def migrated_database():
    """A context manager that makes a database of a given name and yields its connection."""
    return _migrated_database


@pytest.fixture(scope="session")
def owned_database(worker, migrated_database):
    """A migrated database of this worker's own, as a connection of its owner."""
    with migrated_database(f"test_{os.getpid()}_{worker}") as connection:
        yield connection


@pytest.fixture(scope="session")
def as_role(owned_database):
    """A function that returns the same database as a role of sql/roles connects to it."""
    dsns = json.loads(os.environ["WAREHOUSE_ROLE_DSNS"])

    def connection(role: str) -> Connection:
        login = urlsplit(dsns[role])
        return replace(owned_database, login=login.username, password=login.password)

    return connection


@pytest.fixture(scope="session")
def page_database(as_role):
    """The same database, as Sync Center connects to it."""
    return as_role("sync_center")


@pytest.fixture(scope="session")
def database(as_role):
    """The same database, as the flows connect to it: with their role's rights and no more."""
    return as_role("vendor_flows")


@contextmanager
def _migrated_database(name):
    admin = _from_stack("warehouse_owner")
    with psycopg.connect(**_psycopg(admin), autocommit=True) as conn:
        conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    connection = replace(admin, schema=name)
    migrate(connection)
    yield connection
    with psycopg.connect(**_psycopg(admin), autocommit=True) as conn:
        conn.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _psycopg(connection: Connection) -> dict[str, Any]:
    return {
        "host": connection.host,
        "port": connection.port,
        "user": connection.login,
        "password": connection.password,
        "dbname": connection.schema,
    }


@pytest.fixture
def db(owned_database):
    """An autocommit connection to an empty warehouse, as its owner."""
    with psycopg.connect(**_psycopg(owned_database), autocommit=True) as conn:
        tables = conn.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname IN ('ops', 'affiliate')"
        ).fetchall()
        names = ", ".join(row[0] for row in tables)
        conn.execute(f"TRUNCATE {names} RESTART IDENTITY CASCADE")  # pyright: ignore[reportArgumentType]
        yield conn


@dataclass
class Bucket:
    """An S3 bucket of one test."""

    client: Any
    name: str

    def keys(self) -> list[str]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name)
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def read(self, key: str) -> bytes:
        return gzip.decompress(self.client.get_object(Bucket=self.name, Key=key)["Body"].read())


@pytest.fixture
def bucket():
    connection = _from_stack("audit_s3")
    client = boto3.client(
        "s3",
        endpoint_url=connection.extra["endpoint_url"],
        aws_access_key_id=connection.login,
        aws_secret_access_key=connection.password,
        region_name=connection.extra["region_name"],
    )
    name = f"test-{uuid.uuid4().hex}"
    client.create_bucket(Bucket=name)
    return Bucket(client, name)


@dataclass
class TrackierWorld:
    """Everything a Trackier sync touches; `sync()` runs one as the command line would."""

    vendors: VendorSandbox
    connections: dict[str, Connection]
    db: psycopg.Connection[Any]
    bucket: Bucket

    def sync(self, run_id: str | None = None, *, lock_wait: float = 5, **params: Any):
        return run_offer_sync(
            self.connections.get,
            run_id=run_id or f"test__{uuid.uuid4().hex}",
            trigger="test",
            params=params,
            lock_wait_seconds=lock_wait,
        )

    def settings(self, **extra: Any) -> None:
        """Change extras of the vendor's connection."""
        trackier = self.connections["trackier_default"]
        changed = replace(trackier, extra={**trackier.extra, **extra})
        self.connections["trackier_default"] = changed

    def rows(self, query: str, *params: Any) -> list[tuple[Any, ...]]:
        return self.db.execute(query, params).fetchall()  # pyright: ignore[reportArgumentType]

    def value(self, query: str, *params: Any) -> Any:
        return self.rows(query, *params)[0][0]

    def environment(self) -> dict[str, str]:
        """The connections as environment variables, for a process of its own."""
        return connection_variables(self.connections)


@pytest.fixture
def trackier(vendors, database, db, bucket, worker):
    """A small seeded Trackier network, and empty stores to sync it into."""
    vendors.reset(7, trackier={"offers": 200, "brands": 8, "publishers": 12})
    vendors.clear_requests()
    redis = _from_stack("analytics_redis")
    audit = _from_stack("audit_s3")
    connections = {
        "warehouse_postgres": database,
        "audit_s3": replace(audit, extra={**audit.extra, "bucket": bucket.name}),
        "analytics_redis": replace(redis, extra={"db": worker + 1}),
        "trackier_default": Connection(
            conn_id="trackier_default",
            conn_type="http",
            host=vendors.vendor_url("trackier"),
            password=control.DEFAULT_KEYS["trackier"],
            extra={"requests_per_second": 0, "backoff_seconds": 0.01, "group_size": 3},
        ),
    }
    return TrackierWorld(vendors, connections, db, bucket)


@pytest.fixture
def people(vendors, db, record_property):
    """A function that adds a webhook and an inbox of this test's own to connections."""
    vendors.faults.clear()  # the test before may have left the webhook broken
    smtp = _from_stack("alerts_smtp")
    address = f"{uuid.uuid4().hex}@example.com"
    webhook = Connection(
        conn_id="alerts_webhook",
        host=vendors.vendor_url("webhook"),
        # Whatever token the test before has left there.
        password=next((each["value"] for each in vendors.sensitive("webhook")), None),
    )

    def tell(connections: dict[str, Connection]) -> People:
        connections["alerts_webhook"] = webhook
        connections["alerts_smtp"] = replace(smtp, extra={**smtp.extra, "to_email": address})
        vendors.clear_deliveries()
        return People(
            rows=lambda kind: db.execute(
                "SELECT runbook FROM ops.alerts WHERE kind = %s", [kind]
            ).fetchall(),
            posts=vendors.deliveries,
            mails=lambda: mails_with(Path(os.environ["SMTP_MAILDIR"]), address),
            record=record_property,
        )

    return tell
