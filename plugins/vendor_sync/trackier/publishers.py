"""Gives our tenants their publisher ids: reads all publishers, then matches them at once."""

from __future__ import annotations

from dataclasses import dataclass

from vendor_sync.postgres import Warehouse
from vendor_sync.runs import Progress, Reject, Run, RunStore
from vendor_sync.trackier.client import TrackierClient
from vendor_sync.trackier.models import Publisher, publisher_from_api
from vendor_sync.trackier.store import TrackierStore
from vendor_sync.trackier.walks import parse_page


@dataclass(slots=True)
class PublisherSync:
    """One walk over the publishers; a match needs all of them, since an e-mail must be unique."""

    client: TrackierClient
    conn: Warehouse
    store: TrackierStore
    runs: RunStore
    run: Run
    progress: Progress

    def sync(self, walk: int) -> bool:
        """Match and report; return whether the list was as long as the vendor promised."""
        refused: list[Reject] = []
        pages: dict[str, str | None] = {}
        listed, total, complete = 0, None, True
        for page in self.client.iter_publishers():
            self.runs.record_page(
                self.run, Publisher.entity, page.audit_key, len(page.items), page.fetched_at
            )
            parsed = parse_page(page, Publisher.entity, walk, publisher_from_api)
            self.store.stage_publishers(parsed.records)
            refused += parsed.rejects
            pages |= {record.external_id: page.audit_key for record in parsed.records}
            listed, total, complete = listed + len(page.items), page.total, page.complete
            self.progress.expect(Publisher.entity, total)
            self.progress.add(Publisher.entity, len(page.items))
        with self.conn.transaction():
            unmatched = self.store.match_publishers(self.run, walk)
            reports = [_unmatched(name, reason, pages[name]) for name, reason in unmatched]
            self.runs.reject(self.run, [*refused, *reports])
        return complete and total in (None, listed)


def _unmatched(external_id: str, reason: str, audit_key: str | None) -> Reject:
    """Report a publisher that changed nothing; who it is stands in the archived page's place."""
    return Reject(
        entity=Publisher.entity,
        external_id=external_id,
        reason=reason,
        item={"id": external_id},
        audit_key=audit_key,
        kind="unmatched",
    )
