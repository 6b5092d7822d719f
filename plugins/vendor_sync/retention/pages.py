"""Deletes archived pages of past days from the audit bucket, and only those.

A key is `<flow>/<entity>/<yyyy>/<mm>/<dd>/<run>/<attempt>-<name>`; whatever does not look like
that is somebody else's and is left alone, as are flows that archive nothing. A killed run goes on
where it was by itself: what it deleted is not listed any more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from vendor_sync.ad_analytics.flow import FLOW as ANALYTICS_FLOW
from vendor_sync.ad_analytics.fx_flow import FLOW as FX_FLOW
from vendor_sync.audit import bucket_name, s3_client
from vendor_sync.connections import Connection
from vendor_sync.errors import StorageError
from vendor_sync.trackier.flow import FLOW as TRACKIER_FLOW

FLOWS = (TRACKIER_FLOW, ANALYTICS_FLOW, FX_FLOW)
_DAY = re.compile(r"[^/]+/[^/]+/(\d{4})/(\d\d)/(\d\d)/")
# What the archive writes below a day, and nothing else.
_OBJECT = re.compile(r"[^/]+/\d{2,}-[^/]+\.(json|tar)\.gz")
_DEPTH = 5  # flow, entity, year, month, day


@dataclass(slots=True)
class Pages:
    """Objects and bytes that were there, those that are old enough to go, and those that went."""

    total: int = 0
    old: int = 0
    deleted: int = 0
    bytes_before: int = 0
    bytes_deleted: int = 0

    def to_json(self) -> dict[str, int]:
        """Return the counts as a run's result has them."""
        return {
            "total": self.total,
            "old": self.old,
            "deleted": self.deleted,
            "bytes_before": self.bytes_before,
            "bytes_after": self.bytes_before - self.bytes_deleted,
        }


@dataclass(frozen=True, slots=True)
class PageArchive:
    """The audit bucket of an `aws` connection."""

    connection: Connection
    bucket: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "bucket", bucket_name(self.connection))

    def sweep(
        self,
        until: date,
        kept: frozenset[str],
        *,
        dry_run: bool,
        tell: Callable[[int], None],
    ) -> Pages:
        """Delete the pages of days before `until`, but those in `kept`; count all that is ours."""
        found = Pages()
        with self._errors():
            client = s3_client(self.connection)
            for flow in FLOWS:
                for prefix in self._below(client, f"{flow}/", depth=1):
                    self._sweep_day(client, prefix, until, kept, found, dry_run, tell)
        return found

    def _below(self, client: Any, prefix: str, depth: int) -> Iterator[str]:  # noqa: ANN401 - boto3
        """Yield the folders of days below a prefix."""
        if depth == _DEPTH:
            yield prefix
            return
        for page in self._pages(client, Prefix=prefix, Delimiter="/"):
            for folder in page.get("CommonPrefixes", ()):
                yield from self._below(client, folder["Prefix"], depth + 1)

    def _sweep_day(  # noqa: PLR0913, PLR0917 - one walk's state
        self,
        client: Any,  # noqa: ANN401 - boto3 makes its clients at run time
        prefix: str,
        until: date,
        kept: frozenset[str],
        found: Pages,
        dry_run: bool,  # noqa: FBT001
        tell: Callable[[int], None],
    ) -> None:
        day = _day(prefix)
        if day is None:
            return
        for page in self._pages(client, Prefix=prefix):
            sizes = {
                item["Key"]: item["Size"]
                for item in page.get("Contents", ())
                if _OBJECT.fullmatch(item["Key"], len(prefix))
            }
            found.total += len(sizes)
            found.bytes_before += sum(sizes.values())
            if day >= until:
                continue
            old = {key: size for key, size in sizes.items() if key not in kept}
            found.old += len(old)
            if old and not dry_run:
                self._delete(client, old)
                found.deleted += len(old)
                found.bytes_deleted += sum(old.values())
                tell(len(old))

    def _delete(self, client: Any, keys: Mapping[str, int]) -> None:  # noqa: ANN401 - boto3
        wanted = {"Objects": [{"Key": key} for key in keys], "Quiet": True}
        answer = client.delete_objects(Bucket=self.bucket, Delete=wanted)
        if errors := answer.get("Errors"):
            first = errors[0]
            message = (
                f"Connection '{self.connection.conn_id}': S3 bucket '{self.bucket}' did not delete "
                f"{len(errors)} of {len(keys)} pages, the first for {first.get('Code')}: allow "
                "s3:DeleteObject to the key's owner."
            )
            raise StorageError(message)

    def _pages(self, client: Any, **where: str) -> Iterator[Any]:  # noqa: ANN401 - boto3
        yield from client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, **where)

    @contextmanager
    def _errors(self) -> Generator[None]:
        where = f"Connection '{self.connection.conn_id}': S3 bucket '{self.bucket}'"
        try:
            yield
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "unknown")
            message = f"{where} could not be listed or emptied: {code}"
            raise StorageError(message) from None
        except BotoCoreError as error:
            message = f"{where} cannot be reached: {type(error).__name__}"
            raise StorageError(message) from None


def _day(prefix: str) -> date | None:
    """Return the day of a folder; None where its name is none of ours."""
    matched = _DAY.fullmatch(prefix)
    if matched is None:
        return None
    try:
        return date(*map(int, matched.groups()))
    except ValueError:
        return None
