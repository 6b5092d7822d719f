"""Keeps vendors' response pages in S3 before they are parsed, without secrets, compressed."""

from __future__ import annotations

import itertools
import re
import tarfile
import uuid
import zlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from threading import Lock
from typing import Any

import boto3
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from vendor_sync.connections import Connection
from vendor_sync.errors import ConfigurationError, StorageError

_GZIP_WINDOW = 31  # zlib's number for "with a gzip header"
_LEVEL = 1
# Of pages before they are packed: a pack in the making is memory.
_PACK_BYTES = 4 << 20
_TAR_BLOCK = 512
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_SETTINGS_ERRORS = {
    "NoSuchBucket": "does not exist",
    "404": "does not exist",
    "InvalidAccessKeyId": "refuses the access key",
    "SignatureDoesNotMatch": "refuses the secret key",
    "AccessDenied": "refuses access to the key's owner",
    "403": "refuses the keys",
}


def s3_client(connection: Connection) -> BaseClient:
    """Return an S3 client for Airflow's `aws` connection type; without keys, the machine's role."""
    region, endpoint = (connection.extra.get(name) for name in ("region_name", "endpoint_url"))
    return _s3_client(
        connection.login,
        connection.password,
        "us-east-1" if region is None else str(region),
        None if endpoint is None else str(endpoint),
    )


@lru_cache(maxsize=4)
def _s3_client(
    login: str | None, password: str | None, region: str, endpoint: str | None
) -> BaseClient:
    """Return the client of a store: making one costs as much as several objects."""
    return boto3.client(  # pyright: ignore[reportUnknownMemberType]
        "s3",
        aws_access_key_id=login,
        aws_secret_access_key=password,
        region_name=region,
        endpoint_url=endpoint,
        config=Config(
            retries={"mode": "standard", "max_attempts": 4},
            connect_timeout=5,
            read_timeout=30,
            max_pool_connections=32,
        ),
    )


class AuditArchive:
    """Writes one object a page: `<flow>/<entity>/<yyyy>/<mm>/<dd>/<run>/<attempt>-<number>`."""

    def __init__(  # noqa: PLR0913 - what a key is made of, all keyword
        self,
        client: Any,  # noqa: ANN401 - boto3 makes its clients at run time
        *,
        connection: Connection,
        redact: Callable[[str, bytes], bytes],
        flow: str,
        run_id: str,
        attempt: int,
        started_at: datetime,
    ) -> None:
        self._bucket = _AuditBucket(client, connection)
        self._redact = redact
        self._prefix = f"{flow}/{{entity}}/{started_at:%Y/%m/%d}/{safe_name(run_id)}"
        self._attempt = attempt
        self._numbers = itertools.count(1)

    def check(self) -> None:
        """Raise ConfigurationError now, before the run does any work, if the bucket is unusable."""
        self._bucket.check()

    def store(self, entity: str, body: bytes) -> str:
        """Keep one redacted, gzipped page and return its key."""
        number = next(self._numbers)
        key = f"{self._prefix.format(entity=entity)}/{self._attempt:02d}-{number:07d}.json.gz"
        self._bucket.put(key, _gzipped(self._redact(entity, body)), "application/json")
        return key


class PagePacks:
    """Writes the small pages of many callers into few objects: gzipped tar archives; thread-safe.

    An object costs more than a page of a few kilobytes. Pages are kept when `flush` has returned,
    or at once when a pack is full: flush before what was read from them is committed.
    """

    def __init__(
        self,
        client: Any,  # noqa: ANN401 - boto3 makes its clients at run time
        *,
        connection: Connection,
        prefix: str,
    ) -> None:
        self._bucket = _AuditBucket(client, connection)
        self._prefix = prefix
        self._filling = Lock()
        self._writing = Lock()
        self._open: _Pack | None = None
        self._full: deque[_Pack] = deque()

    def add(self, name: str, page: bytes) -> str:
        """Put a redacted page into the open pack; return `<the pack's key>#<the page's name>`."""
        member = _packed_member(name, page)
        with self._filling:
            if self._open is None:
                self._open = _Pack(f"{self._prefix}{uuid.uuid4().hex}.tar.gz")
            pack = self._open
            pack.members.append(member)
            pack.size += len(page)
            is_full = pack.size >= _PACK_BYTES
            if is_full:
                self._close_open()
        if is_full:
            self._write_full()
        return f"{pack.key}#{name}"

    def flush(self) -> None:
        """Write all packs; raise StorageError where that fails, and keep them to try again."""
        with self._filling:
            self._close_open()
        self._write_full()

    def _close_open(self) -> None:
        if self._open is not None:
            self._full.append(self._open)
            self._open = None

    def _write_full(self) -> None:
        """Write what is full, others' too: meanwhile they go on filling the next pack."""
        with self._writing:
            while self._full:
                pack = self._full[0]
                self._bucket.put(pack.key, b"".join((*pack.members, _END)), "application/x-tar")
                self._full.popleft()


@dataclass(slots=True)
class _Pack:
    """A tar archive in the making: its members, each compressed by itself, and their plain size."""

    key: str
    size: int = 0
    members: list[bytes] = field(default_factory=list[bytes])


def _gzipped(content: bytes) -> bytes:
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)
    return compressor.compress(content) + compressor.flush()


def _packed_member(name: str, page: bytes) -> bytes:
    """Return a member of a tar archive as a gzip stream of its own.

    Such streams in a row are one gzip file (RFC 1952 2.2), and each is made without waiting for
    whoever makes another.
    """
    header = tarfile.TarInfo(name)
    header.size = len(page)
    padding = bytes(-len(page) % _TAR_BLOCK)
    return _gzipped(header.tobuf(tarfile.USTAR_FORMAT) + page + padding)


_END = _gzipped(bytes(2 * _TAR_BLOCK))


class _AuditBucket:
    """The bucket of an `aws` connection; speaks of it by its name."""

    def __init__(self, client: Any, connection: Connection) -> None:  # noqa: ANN401
        self._client = client
        self._conn_id = connection.conn_id
        self._bucket = bucket_name(connection)

    def check(self) -> None:
        self._call("head_bucket")

    def put(self, key: str, packed: bytes, kind: str) -> None:
        self._call("put_object", Key=key, Body=packed, ContentType=kind, ContentEncoding="gzip")

    def _call(self, operation: str, **arguments: object) -> None:
        try:
            getattr(self._client, operation)(Bucket=self._bucket, **arguments)
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", "unknown"))
            where = f"Connection '{self._conn_id}': S3 bucket '{self._bucket}'"
            if code in _SETTINGS_ERRORS:
                message = f"{where} {_SETTINGS_ERRORS[code]} ({code})."
                raise ConfigurationError(message) from None
            message = f"{where} failed: {code}"
            raise StorageError(message) from None
        except BotoCoreError as error:
            message = f"Connection '{self._conn_id}': S3 cannot be reached: {type(error).__name__}"
            raise StorageError(message) from None


def safe_name(text: str) -> str:
    """Return the text as one part of a key, without what tools stumble over or climb up by."""
    name = _UNSAFE.sub("_", text)
    return name if name.strip(".") else "_"


def bucket_name(connection: Connection) -> str:
    """Return the bucket that a connection names, or raise ConfigurationError."""
    bucket = connection.extra.get("bucket")
    if not isinstance(bucket, str) or not bucket:
        message = f"Connection '{connection.conn_id}' names no bucket: set extra 'bucket'."
        raise ConfigurationError(message)
    return bucket
