"""Loads the click log: hourly files of JSON lines in S3, delivered at least once.

Files are read line by line and merged in batches, of a part of a large file or of many small ones;
when a batch is in, the files that ended in it are noted as read. Killed before that, they are read
again, and their clicks count once all the same. A file that changed after it was read (its ETag
says so) is read again too. Lines that cannot be read are refused with file and line number, the
others go on.
"""

from __future__ import annotations

import gzip
import io
import itertools
import logging
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec
from botocore.exceptions import BotoCoreError, ClientError
from psycopg.types.json import Jsonb

from vendor_sync.ad_analytics.click_store import ClickStore
from vendor_sync.ad_analytics.records import ClickRecord, OrderLinkRecord
from vendor_sync.audit import s3_client
from vendor_sync.connections import Connection
from vendor_sync.errors import ConfigurationError, InvalidRecordError, StorageError
from vendor_sync.postgres import Warehouse, load_query
from vendor_sync.redaction import Redactor
from vendor_sync.runs import Reject

logger = logging.getLogger(__name__)

ENTITY = "click_log"
LONGEST_LINE = 65_536
DEFAULT_PREFIX = "clicks"
# Files that come late are looked for in the days before.
LATE = timedelta(days=2)
_BATCH = 5_000
# Files that are looked up at once.
_FILES = 500
_SHOWN = 2_000
_AHEAD = timedelta(days=1)
_FIRST = timedelta(days=90)
_LONGEST_REFERENCE = 200
# What a writer may not send, and what would be in a refused line if it did.
_REDACTOR = Redactor(
    {"email", "phone", "name", "ip", "ip_address", "user_agent", "first_name", "last_name"}
)

_Identifier = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9_.:-]{1,64}\Z")]
_Workspace = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
_Address = Annotated[str, msgspec.Meta(max_length=8_192)]
_Campaign = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9_-]{1,64}\Z")]
_Platform = Literal["meta", "tiktok", "snapchat", "google", "microsoft"]
# The published schema's own words: left to itself, msgspec takes a blank for the T.
_Instant = Annotated[
    str, msgspec.Meta(pattern=r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)\Z")
]
_AwareInstant = Annotated[datetime, msgspec.Meta(tz=True)]
_StoreName = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]


class _Click(msgspec.Struct, tag_field="type", tag="click"):
    click_id: _Identifier
    workspace_id: _Workspace
    visitor_id: _Identifier
    occurred_at: _Instant
    landing_url: _Address | None = None
    referrer: _Address | None = None
    platform: _Platform | None = None
    campaign_id: _Campaign | None = None


class _Order(msgspec.Struct, tag_field="type", tag="order"):
    workspace_id: _Workspace
    store: _StoreName
    order_id: _Identifier
    visitor_id: _Identifier
    occurred_at: _Instant


_line = msgspec.json.Decoder(_Click | _Order)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClickFile:
    """One object of the log."""

    key: str
    etag: str
    size: int


@dataclass(slots=True)
class Loaded:
    """What a load did; `lines` are all that were read, empty ones too."""

    files: int = 0
    lines: int = 0
    clicks: int = 0
    links: int = 0
    rejected: int = 0


def click_files(connection: Connection) -> ClickFiles:
    """Return the log of the connection `click_log_s3`: extras `bucket` and `prefix`."""
    bucket = connection.extra.get("bucket")
    if not isinstance(bucket, str) or not bucket:
        message = f"Connection '{connection.conn_id}' names no bucket: set extra 'bucket'."
        raise ConfigurationError(message)
    prefix = str(connection.extra.get("prefix", DEFAULT_PREFIX))
    return ClickFiles(s3_client(connection), bucket=bucket, prefix=prefix)


class ClickFiles:
    """The log's files in a bucket: `<prefix>/2026/06/22/...`, days of UTC."""

    def __init__(self, client: Any, *, bucket: str, prefix: str) -> None:  # noqa: ANN401 - boto3
        self._client = client
        self._bucket = bucket
        self._prefix = prefix.strip("/")
        self.place = f"{bucket}/{self._prefix}"

    def iter_files(self, first: date, last: date) -> Iterator[ClickFile]:
        """Yield the files of the days, both included, in the order of their keys."""
        for number in range((last - first).days + 1):
            day = first + timedelta(days=number)
            prefix = f"{self._prefix}/{day:%Y/%m/%d}/".lstrip("/")
            pages = self._asked(
                lambda prefix=prefix: list(
                    self._client.get_paginator("list_objects_v2").paginate(
                        Bucket=self._bucket, Prefix=prefix
                    )
                )
            )
            for item in (entry for page in pages for entry in page.get("Contents", [])):
                yield ClickFile(key=item["Key"], etag=item["ETag"].strip('"'), size=item["Size"])

    def iter_lines(self, file: ClickFile) -> Iterator[bytes]:
        """Yield the lines of a file, unpacked where its name ends in .gz.

        Of a line that is too long only the beginning is kept, long enough to be refused.
        """
        body = self._asked(lambda: self._client.get_object(Bucket=self._bucket, Key=file.key))[
            "Body"
        ]
        with body:
            stream = gzip.GzipFile(fileobj=body) if file.key.endswith(".gz") else body
            try:
                yield from _bounded_lines(io.BufferedReader(_Raw(stream), 1 << 20))
            except (BotoCoreError, EOFError, OSError, zlib.error) as error:
                message = f"{file.key} broke off: {type(error).__name__}"
                raise StorageError(message) from None

    def _asked(self, call: Callable[[], Any]) -> Any:  # noqa: ANN401 - boto3
        try:
            return call()
        except (BotoCoreError, ClientError) as error:
            message = f"The click log in bucket {self._bucket!r} cannot be read: {error}"
            raise StorageError(message) from None


class _Raw(io.RawIOBase):
    """Gives a response's body the shape that buffered readers want."""

    def __init__(self, body: Any) -> None:  # noqa: ANN401 - boto3
        super().__init__()
        self._body = body

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - any writable buffer
        part = self._body.read(len(buffer))
        buffer[: len(part)] = part
        return len(part)


def load_click_log(  # noqa: PLR0913 - what is loaded, from when to when, and where bad lines go
    conn: Warehouse,
    files: ClickFiles,
    *,
    since: date,
    now: datetime,
    keep_rejects: Callable[[Sequence[Reject]], object],
    batch_size: int = _BATCH,
) -> Loaded:
    """Load the files of the days from `since` (and two before it, for late ones) to `now`.

    Each batch is committed by itself, and its refused lines are given to `keep_rejects`. Running it
    again, or two at once, changes nothing more.
    """
    loading = _Loading(conn, now, keep_rejects, batch_size)
    listed = files.iter_files(since - LATE, now.astimezone(UTC).date())
    try:
        while some := list(itertools.islice(listed, _FILES)):
            for file in loading.unread(some):
                loading.load(file, files.iter_lines(file))
    except StorageError:
        loading.flush()  # a file that cannot be read does not keep back those before it
        raise
    loading.flush()
    return loading.total


def load_new_clicks(
    conn: Warehouse,
    connection: Connection,
    *,
    now: datetime,
    keep_rejects: Callable[[Sequence[Reject]], object],
) -> Loaded:
    """Load what came since the last load that got to its end; the first goes back 90 days.

    For the flow: to be called before orders are attributed, for a connection `click_log_s3`.
    """
    files = click_files(connection)
    today = now.astimezone(UTC).date()
    row = conn.execute(
        load_query("analytics/get_last_click_load.sql"), {"place": files.place}
    ).fetchone()
    last: date | None = row[0] if row else None
    since = today - _FIRST if last is None else min(last, today)
    loaded = load_click_log(conn, files, since=since, now=now, keep_rejects=keep_rejects)
    conn.execute(
        load_query("analytics/note_click_load.sql"), {"place": files.place, "loaded_until": today}
    )
    return loaded


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a file, and the counts of that file."""

    file: ClickFile
    counts: Loaded
    number: int
    text: bytes


class _Loading:
    """One load: the stores that it writes to, and the counts of its files."""

    def __init__(
        self,
        conn: Warehouse,
        now: datetime,
        keep_rejects: Callable[[Sequence[Reject]], object],
        batch_size: int,
    ) -> None:
        self.total = Loaded()
        self._conn = conn
        self._now = now
        self._keep_rejects = keep_rejects
        self._batch_size = batch_size
        self._store = ClickStore(conn)
        self._store.prepare()
        self._lines: list[_Line] = []
        self._ended: list[tuple[ClickFile, Loaded]] = []
        rows = conn.execute(load_query("analytics/list_workspace_ids.sql")).fetchall()
        self._workspaces = frozenset(row[0] for row in rows)

    def unread(self, files: Sequence[ClickFile]) -> list[ClickFile]:
        """Return the files of which this version was not read to its end."""
        rows = self._conn.execute(
            load_query("analytics/list_click_files.sql"),
            {"object_keys": [file.key for file in files]},
        ).fetchall()
        known = dict(rows)
        return [file for file in files if known.get(file.key) != file.etag]

    def load(self, file: ClickFile, lines: Iterator[bytes]) -> None:
        """Take a file's lines; whenever enough have come together they are merged."""
        counts = Loaded(files=1)
        for number, line in enumerate(lines, start=1):
            self._lines.append(_Line(file, counts, number, line))
            if len(self._lines) >= self._batch_size:
                self.flush()
        self._ended.append((file, counts))
        if len(self._ended) >= _FILES:
            self.flush()

    def flush(self) -> None:
        """Merge the lines that wait, then note the files that ended with them."""
        lines, ended = self._lines, self._ended
        self._lines, self._ended = [], []
        if lines:
            self._merge(lines)
        if ended:
            self._note(ended)

    def _note(self, ended: Sequence[tuple[ClickFile, Loaded]]) -> None:
        rows = [
            {"object_key": file.key, "etag": file.etag, **asdict(counts)} for file, counts in ended
        ]
        self._conn.execute(load_query("analytics/note_click_files.sql"), {"files": Jsonb(rows)})
        for file, counts in ended:
            for name, count in asdict(counts).items():
                setattr(self.total, name, getattr(self.total, name) + count)
            logger.info(
                "%s: %d lines, %d new clicks, %d links, %d refused",
                file.key, counts.lines, counts.clicks, counts.links, counts.rejected,
            )  # fmt: skip

    def _merge(self, lines: Sequence[_Line]) -> None:
        clicks: list[tuple[_Line, ClickRecord]] = []
        links: list[tuple[_Line, OrderLinkRecord]] = []
        rejects: list[tuple[_Line, Reject]] = []
        for line in lines:
            line.counts.lines += 1
            if not line.text.strip():
                continue
            try:
                record = record_of(line.text, known=self._workspaces, now=self._now)
            except InvalidRecordError as error:
                rejects.append((line, _refused(line.file, line.number, line.text, error.reason)))
                continue
            if isinstance(record, ClickRecord):
                clicks.append((line, record))
            else:
                links.append((line, record))
        with self._conn.transaction():
            added = self._store.merge_clicks([click for _, click in clicks])
            unknown = set(self._store.merge_links([link for _, link in links]))
        for line, link in links:
            if (link.workspace_id, link.store) in unknown:
                rejects.append((line, _unmatched(line.file, link)))
            else:
                line.counts.links += 1
        brought = {(click.workspace_id, click.click_id): line for line, click in reversed(clicks)}
        for key in added:
            brought[key].counts.clicks += 1
        for line, _ in rejects:
            line.counts.rejected += 1
        if rejects:
            self._keep_rejects([reject for _, reject in rejects])


def _refused(file: ClickFile, number: int, line: bytes, reason: str) -> Reject:
    item = _REDACTOR.redact_body(line[:_SHOWN]).decode("utf-8", "replace").replace("\0", "")
    return Reject(
        entity=ENTITY,
        external_id=f"{file.key}:{number}"[-_LONGEST_REFERENCE:],
        reason=reason,
        item=item,
        audit_key=file.key,
    )


def record_of(
    line: bytes, *, known: frozenset[int], now: datetime
) -> ClickRecord | OrderLinkRecord:
    """Return the record of a line; raise InvalidRecordError saying what is wrong with it."""
    if len(line) > LONGEST_LINE:
        raise InvalidRecordError(ENTITY, None, f"is longer than {LONGEST_LINE} bytes")
    try:
        item = _line.decode(line)
    except msgspec.MsgspecError as error:
        raise InvalidRecordError(ENTITY, None, str(error)) from None
    if item.workspace_id not in known:
        raise InvalidRecordError(ENTITY, None, f"workspace {item.workspace_id} does not exist")
    if isinstance(item, _Order) and "\0" in item.store:
        raise InvalidRecordError(ENTITY, None, "store holds a NUL, which no name of a store does")
    occurred_at = _instant(item.occurred_at)
    if occurred_at > now + _AHEAD:
        raise InvalidRecordError(ENTITY, None, f"occurred_at {occurred_at} is still to come")
    fields: dict[str, Any] = {**msgspec.structs.asdict(item), "occurred_at": occurred_at}
    return ClickRecord(**fields) if isinstance(item, _Click) else OrderLinkRecord(**fields)


def _instant(text: str) -> datetime:
    try:
        return msgspec.convert(text, _AwareInstant)
    except msgspec.ValidationError as error:
        raise InvalidRecordError(ENTITY, None, f"occurred_at is no instant: {error}") from None


def _unmatched(file: ClickFile, link: OrderLinkRecord) -> Reject:
    return Reject(
        entity=ENTITY,
        external_id=link.order_id,
        reason=f"store {link.store!r} is no connection of workspace {link.workspace_id}",
        item=msgspec.to_builtins(link),
        audit_key=file.key,
        kind="unmatched",
    )


def _bounded_lines(stream: io.BufferedReader) -> Iterator[bytes]:
    """Yield lines; of one that is too long its beginning, just long enough to be refused."""
    while line := stream.readline(LONGEST_LINE + 2):
        if not line.endswith(b"\n") and len(line) > LONGEST_LINE:
            rest = line
            while rest and not rest.endswith(b"\n"):
                rest = stream.readline(LONGEST_LINE)
        yield line
