"""Stores usage records: each counts once, however often, in whatever order and by whom it is sent.

One batch is one transaction, and its verdicts are worth something only after the commit. What is
stored is never changed; a repeated id with other content is told as a conflict and kept apart.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from google.protobuf.internal.containers import RepeatedCompositeFieldContainer

from edge_grpc.database import Database
from edge_grpc.queries import Connection, Row, rows
from edge_grpc.usage_records import Refusal, Tenant, Usage, check
from edge_grpc.v1 import usage_pb2 as usage

Record = usage.UsageRecord
Results = RepeatedCompositeFieldContainer[usage.UsageResult]
_STORED = {
    "stored": usage.USAGE_VERDICT_ACCEPTED,
    "duplicate": usage.USAGE_VERDICT_DUPLICATE,
    "conflict": usage.USAGE_VERDICT_CONFLICT,
}
_TEXT = 100
_STEP = 50


@dataclass(slots=True)
class _Entry:
    """A record of the batch and what becomes of it."""

    record: Record
    outcome: Usage | Refusal
    verdict: usage.UsageVerdict = usage.USAGE_VERDICT_REJECTED

    def refuse(self, reason: usage.UsageRejectReason, detail: str, *, permanent: bool) -> None:
        self.outcome = Refusal(reason, detail, permanent)

    def tell(self, results: Results) -> None:
        """Add the verdict to an answer: made there, it need not be copied."""
        result = results.add(usage_id=self.record.usage_id, verdict=self.verdict, is_permanent=True)
        if isinstance(self.outcome, Refusal):
            result.reason = self.outcome.reason
            result.detail = self.outcome.detail
            result.is_permanent = self.outcome.permanent


@dataclass(frozen=True, slots=True)
class Batch:
    """Records of one request, of which each is in order by itself or refused."""

    tenant: Tenant
    entries: list[_Entry]

    @classmethod
    async def checked(cls, tenant: Tenant, records: Sequence[Record]) -> Batch:
        """Check what can be checked without the database.

        In small steps: other calls go on between them, and so does the batch that PostgreSQL is
        storing meanwhile, whose next statement would else wait until all records are checked.
        """
        now = datetime.now(UTC)
        entries: list[_Entry] = []
        for start in range(0, len(records), _STEP):
            step = records[start : start + _STEP]
            entries += [_Entry(record, check(record, tenant, now)) for record in step]
            await asyncio.sleep(0)
        return cls(tenant, entries)


class UsageStore:
    """Takes in the usages of stores."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, batch: Batch, results: Results) -> None:
        """Store a batch in one transaction; add a verdict on each record to an answer, in order."""
        tenant, entries = batch.tenant, batch.entries
        async with self._database.transaction() as conn:
            await _refuse_unknown(conn, tenant, entries)
            await _store(conn, tenant, [entry for _, entry in _open(entries, reversals=False)])
            await _store_reversals(conn, tenant, entries)
            await _keep_rejects(conn, tenant, entries)
        for entry in entries:
            entry.tell(results)


def _open(entries: Iterable[_Entry], *, reversals: bool) -> list[tuple[Usage, _Entry]]:
    return [
        (entry.outcome, entry)
        for entry in entries
        if isinstance(entry.outcome, Usage) and (entry.outcome.reverses is not None) == reversals
    ]


async def _refuse_unknown(conn: Connection, tenant: Tenant, entries: list[_Entry]) -> None:
    """Refuse records of promotions and brands that are not the company's."""
    usages = [entry.outcome for entry in entries if isinstance(entry.outcome, Usage)]
    promotions = await rows(
        conn,
        "edge_service/list_known_promotions.sql",
        company_id=tenant.company_id,
        promotion_ids=list({one.promotion_id for one in usages}),
    )
    brands = await rows(
        conn,
        "edge_service/list_known_brands.sql",
        company_id=tenant.company_id,
        brand_ids=list({one.brand_id for one in usages}),
    )
    known_promotions = {row["promotion_id"] for row in promotions}
    known_brands = {row["brand_id"] for row in brands}
    for entry in entries:
        if not isinstance(entry.outcome, Usage):
            continue
        if entry.outcome.promotion_id not in known_promotions:
            reason = usage.USAGE_REJECT_REASON_UNKNOWN_PROMOTION
            entry.refuse(reason, "Not a promotion of this company.", permanent=True)
        elif entry.outcome.brand_id not in known_brands:
            reason = usage.USAGE_REJECT_REASON_UNKNOWN_BRAND
            entry.refuse(reason, "Not a brand of this company.", permanent=True)


async def _store_reversals(conn: Connection, tenant: Tenant, entries: list[_Entry]) -> None:
    """Store reversals of what is stored; one whose original is yet to come may come again."""
    pairs = _open(entries, reversals=True)
    if not pairs:
        return
    originals = await _stored(conn, tenant, [one.reverses for one, _ in pairs if one.reverses])
    for one, entry in pairs:
        original = originals.get(one.reverses) if one.reverses else None
        if original is None:
            reason = usage.USAGE_REJECT_REASON_UNKNOWN_ORIGINAL
            entry.refuse(reason, "What it takes back was not uploaded yet.", permanent=False)
        elif original["reverses_usage_id"] or original["promotion_id"] != one.promotion_id:
            reason = usage.USAGE_REJECT_REASON_INVALID_FIELD
            entry.refuse(reason, "reverses_usage_id is no use of this promotion.", permanent=True)
    await _store(conn, tenant, [entry for _, entry in _open(entries, reversals=True)])


async def _store(conn: Connection, tenant: Tenant, entries: list[_Entry]) -> None:
    """Insert what is new and judge the rest by what is there."""
    pairs = [(entry.outcome, entry) for entry in entries if isinstance(entry.outcome, Usage)]
    if not pairs:
        return
    firsts: dict[UUID, Usage] = {}
    for one, _ in pairs:
        firsts.setdefault(one.usage_id, one)
    added = await _insert(conn, tenant, list(firsts.values()))
    hashes = {one.usage_id: one.content_hash for one in firsts.values()}
    if len(added) < len(firsts):
        there = await _stored(conn, tenant, [key for key in firsts if key not in added])
        hashes = {key: found for key, found in hashes.items() if key in added}
        hashes |= {key: row["content_hash"] for key, row in there.items()}
    for one, entry in pairs:
        kept = hashes.get(one.usage_id)
        if kept is None:
            reason = usage.USAGE_REJECT_REASON_INVALID_FIELD
            entry.refuse(reason, "Another record has taken this use back.", permanent=True)
        elif kept != one.content_hash:
            entry.verdict = _STORED["conflict"]
        elif one.usage_id in added:
            entry.verdict = _STORED["stored"]
            added.discard(one.usage_id)
        else:
            entry.verdict = _STORED["duplicate"]


async def _insert(conn: Connection, tenant: Tenant, usages: list[Usage]) -> set[UUID]:
    added = await rows(
        conn,
        "edge_service/add_usages.sql",
        store_id=tenant.store_id,
        company_id=tenant.company_id,
        currency=tenant.currency,
        usage_ids=[one.usage_id for one in usages],
        promotion_ids=[one.promotion_id for one in usages],
        promotion_versions=[one.promotion_version for one in usages],
        bill_ids=[one.bill_id for one in usages],
        brand_ids=[one.brand_id for one in usages],
        customer_ids=[one.customer_id for one in usages],
        amounts=[one.amount for one in usages],
        used_ats=[one.used_at for one in usages],
        business_ons=[one.business_on for one in usages],
        reverses_ids=[one.reverses for one in usages],
        record_hashes=[one.content_hash for one in usages],
    )
    return {row["usage_id"] for row in added}


async def _stored(conn: Connection, tenant: Tenant, usage_ids: list[UUID]) -> dict[UUID, Row]:
    found = await rows(
        conn, "edge_service/list_usages.sql", store_id=tenant.store_id, usage_ids=usage_ids
    )
    return {row["usage_id"]: row for row in found}


async def _keep_rejects(conn: Connection, tenant: Tenant, entries: list[_Entry]) -> None:
    """Keep what was not stored and will not be: a person has to look at it."""
    kept: dict[tuple[bytes, str], tuple[str, ...]] = {}
    bodies: dict[tuple[bytes, str], bytes] = {}
    for entry in entries:
        refused = entry.outcome if isinstance(entry.outcome, Refusal) else None
        if refused is None and entry.verdict != _STORED["conflict"]:
            continue
        if refused and not refused.permanent:
            continue
        body = entry.record.SerializeToString(deterministic=True)
        reason = usage.UsageRejectReason.Name(refused.reason) if refused else "CONFLICT"
        reason = reason.removeprefix("USAGE_REJECT_REASON_")
        key = (hashlib.sha256(body).digest(), reason)
        kind = "rejected" if refused else "conflict"
        text = entry.record.usage_id.replace("\x00", "")[:_TEXT]
        kept[key] = (text, kind, reason, refused.detail if refused else "")
        bodies[key] = body
    if not kept:
        return
    usage_ids, kinds, reasons, details = (
        list(column) for column in zip(*kept.values(), strict=True)
    )
    await rows(
        conn,
        "edge_service/add_usage_rejects.sql",
        company_id=tenant.company_id,
        store_id=tenant.store_id,
        usage_ids=usage_ids,
        kinds=kinds,
        reasons=reasons,
        details=details,
        records=list(bodies.values()),
        record_hashes=[record_hash for record_hash, _ in kept],
    )
