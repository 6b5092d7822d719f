"""Usages that were made here: kept until head office has said that they are on its disk."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime

from edge_grpc.client.store import transaction
from edge_grpc.v1 import usage_pb2 as usage

_SYNCED = {usage.USAGE_VERDICT_ACCEPTED, usage.USAGE_VERDICT_DUPLICATE}


class Outbox:
    """The pending usages of one edge."""

    def __init__(self, conn: sqlite3.Connection) -> None:
        self._conn = conn

    def add(self, record: usage.UsageRecord) -> str:
        """Keep a usage; it gets its id here, once, so that it counts once."""
        if not record.usage_id:
            record.usage_id = str(uuid.uuid4())
        self._conn.execute(
            "INSERT INTO usages (usage_id, body, made_at) VALUES (?, ?, ?)",
            (record.usage_id, record.SerializeToString(), datetime.now(UTC).isoformat()),
        )
        return record.usage_id

    def pending(self, limit: int, after: tuple[str, str] = ("", "")) -> list[PendingUsage]:
        """Return the oldest usages that are not acknowledged, from a place on."""
        rows = self._conn.execute(
            "SELECT made_at, usage_id, body FROM usages WHERE state = 'pending'"
            " AND (made_at, usage_id) > (?, ?) ORDER BY made_at, usage_id LIMIT ?",
            (*after, limit),
        )
        return [((at, name), usage.UsageRecord.FromString(body)) for at, name, body in rows]

    def settle(self, results: Iterable[usage.UsageResult]) -> None:
        """Note what became of usages; what may succeed later stays pending."""
        with transaction(self._conn):
            self._conn.executemany(
                "UPDATE usages SET state = ?, verdict = ?, reason = ? WHERE usage_id = ?",
                [_settled(result) for result in results],
            )

    def counts(self) -> dict[str, int]:
        """Return how many usages are in each state."""
        rows = self._conn.execute("SELECT state, count(*) FROM usages GROUP BY state")
        return {"pending": 0, "synced": 0, "refused": 0, **dict(rows)}


PendingUsage = tuple[tuple[str, str], usage.UsageRecord]


def _settled(result: usage.UsageResult) -> tuple[str, str, str, str]:
    verdict = usage.UsageVerdict.Name(result.verdict).removeprefix("USAGE_VERDICT_").lower()
    reason = usage.UsageRejectReason.Name(result.reason).removeprefix("USAGE_REJECT_REASON_")
    text = f"{reason}: {result.detail}" if result.reason else result.detail
    if result.verdict in _SYNCED:
        state = "synced"
    elif result.verdict == usage.USAGE_VERDICT_REJECTED and not result.is_permanent:
        state = "pending"
    else:
        state = "refused"
    return state, verdict, text, result.usage_id
