"""The sync as one sentence: brands, then their offers, then publishers, then what has vanished."""

from __future__ import annotations

import itertools
import logging
from dataclasses import dataclass
from typing import Any

from vendor_sync.errors import ConfigurationError, TemporaryError
from vendor_sync.postgres import Warehouse
from vendor_sync.runs import Progress, Run, RunStore
from vendor_sync.trackier.client import TrackierClient
from vendor_sync.trackier.merging import PageMerger, Target
from vendor_sync.trackier.models import (
    Brand,
    Offer,
    Publisher,
    brand_from_api,
)
from vendor_sync.trackier.publishers import PublisherSync
from vendor_sync.trackier.settings import TrackierParams, TrackierSettings
from vendor_sync.trackier.store import TrackierStore
from vendor_sync.trackier.walks import EndedWalk, OfferWalks, parse_page

logger = logging.getLogger(__name__)
EVENT = "sync.offers.completed"
_PUBLISHER_COUNTS = ("updated", "unchanged", "unmatched", "rejected")
_ENTITY_COUNTS = ("inserted", "updated", "unchanged", "deactivated", "kept", "rejected")


@dataclass(slots=True)
class _Findings:
    """What the fetch found out beside its records."""

    brand_list_complete: bool = False
    publisher_list_complete: bool = True
    brands_expected: int | None = None
    brands_listed: int = 0
    brands_partial: int = 0
    brands_failed: int = 0
    last_error: str | None = None


class OfferSync:
    """One run; `run()` returns its result and leaves event and counts in the same transaction."""

    def __init__(  # noqa: PLR0913 - the run's parts, all keyword
        self,
        *,
        client: TrackierClient,
        conn: Warehouse,
        runs: RunStore,
        run: Run,
        settings: TrackierSettings,
        params: TrackierParams,
        progress: Progress,
    ) -> None:
        self._client = client
        self._conn = conn
        self._runs = runs
        self._run = run
        self._settings = settings
        self._params = params
        self._progress = progress
        self._store = TrackierStore(conn)
        self._walks = itertools.count(run.first_walk)
        self._findings = _Findings()
        self._merger = PageMerger(
            conn,
            self._store,
            runs,
            run,
            batch_size=settings.batch_size,
            full_refresh=params.full_refresh,
        )

    def run(self) -> dict[str, Any]:
        """Do everything; safe to repeat after a kill at any point. Returns the run's counts."""
        self._store.prepare()
        self._sync_brands()
        self._sync_offers()
        if self._params.include_publishers:
            self._sync_publishers()
        return self._complete()

    def _sync_brands(self) -> None:
        findings = self._findings
        target = Target(self._store.stage_brands, self._store.merge_brands)
        walk = next(self._walks)
        complete = True
        anonymous = 0
        for page in self._client.iter_advertisers(self._params.brand_ids):
            parsed = parse_page(page, Brand.entity, walk, brand_from_api)
            self._merger.merge(parsed, target)
            anonymous += parsed.anonymous
            complete = page.complete and not anonymous
            findings.brands_listed += len(page.items)
            findings.brands_expected = page.total
            self._progress.expect("brands", page.total)
            self._progress.add("brands", len(page.items))
        restricted = bool(self._params.brand_ids)
        if restricted:
            self._refuse_unknown_brands()
        as_promised = findings.brands_expected in (None, findings.brands_listed)
        findings.brand_list_complete = complete and as_promised and not restricted
        if not as_promised:
            logger.warning(
                "the brand list is incomplete: %d of %s",
                findings.brands_listed,
                findings.brands_expected,
            )

    def _refuse_unknown_brands(self) -> None:
        unknown = self._store.unknown_brands(self._run, self._params.brand_ids)
        if unknown:
            message = f"Parameter 'brand_ids': the vendor lists no advertiser {', '.join(unknown)}."
            raise ConfigurationError(message)

    def _sync_offers(self) -> None:
        brands = self._store.listed_brands(self._run)
        self._progress.expect("brands_fetched", len(brands))
        self._progress.expect("offers", None)
        target = Target(self._store.stage_offers, self._store.merge_offers)
        walks = OfferWalks(
            self._client,
            concurrency=self._settings.concurrency,
            numbers=self._walks,
        )
        for event in walks.run(brands, self._settings.group_size):
            if isinstance(event, EndedWalk):
                self._note_walk(event)
            else:
                self._merger.merge(event, target)
                self._progress.add(Offer.entity, len(event.items) + len(event.rejects))
        if brands and self._findings.brands_failed == len(brands):
            message = f"No brand's offers could be fetched; the last: {self._findings.last_error}"
            raise TemporaryError(message)

    def _note_walk(self, ended: EndedWalk) -> None:
        findings = self._findings
        self._store.note_walks(self._run, ended.walk, ended.brands, ended.outcome)
        self._progress.add("brands_fetched", len(ended.brands))
        if ended.outcome == "partial":
            findings.brands_partial += len(ended.brands)
        elif ended.outcome == "failed":
            findings.brands_failed += len(ended.brands)
            findings.last_error = str(ended.error)
            logger.warning(
                "the offers of brand %s stay as they are: %s", *ended.brands, ended.error
            )

    def _sync_publishers(self) -> None:
        publishers = PublisherSync(
            self._client, self._conn, self._store, self._runs, self._run, self._progress
        )
        self._findings.publisher_list_complete = publishers.sync(next(self._walks))

    def _complete(self) -> dict[str, Any]:
        """Deactivate, count, and write event and result: one transaction, the last merge."""
        with self._conn.transaction():
            vanished = self._store.deactivate_vanished(
                self._run,
                brand_list_complete=self._findings.brand_list_complete,
                max_share=self._settings.max_deactivation_share,
                max_rows=self._settings.max_deactivation_rows,
            )
            if vanished.kept_offers or vanished.kept_brands:
                logger.error(
                    "breaker open: %d offers and %d brands are missing from complete fetches and "
                    "were kept",
                    vanished.kept_offers,
                    vanished.kept_brands,
                )
            result = self._result(self._runs.outcome_counts(self._run))
            if not self._params.dry_run:
                self._runs.emit(self._run, EVENT, result)
            self._runs.finish(self._run.run_id, result["status"], counts=result)
        return result

    def _result(self, counts: dict[str, dict[str, int]]) -> dict[str, Any]:
        findings = self._findings
        offers = _entity_counts(counts.get(Offer.entity, {}))
        brands = _entity_counts(counts.get(Brand.entity, {}))
        rejected = offers["rejected"] + brands["rejected"]
        rejected += counts.get(Publisher.entity, {}).get("rejected", 0)
        incomplete = not findings.brand_list_complete and not self._params.brand_ids
        flawed = (
            rejected
            or findings.brands_failed
            or findings.brands_partial
            or incomplete
            or not findings.publisher_list_complete
            or offers["kept"]
            or brands["kept"]
        )
        result: dict[str, Any] = {
            "status": "completed_with_errors" if flawed else "completed",
            "added": offers["inserted"],
            "updated": offers["updated"],
            "unchanged": offers["unchanged"],
            "deactivated": offers["deactivated"],
            "rejected": rejected,
            "campaigns_processed": offers["fetched"],
            "brands_processed": brands["fetched"],
            "brands_failed": findings.brands_failed,
            "brands_partial": findings.brands_partial,
            "brand_list_complete": findings.brand_list_complete,
            "breaker_open": bool(offers["kept"] or brands["kept"]),
            "dry_run": self._params.dry_run,
            "offers": offers,
            "brands": brands,
        }
        if self._params.include_publishers:
            publishers = counts.get(Publisher.entity, {})
            result["publishers"] = {name: publishers.get(name, 0) for name in _PUBLISHER_COUNTS}
            result["publisher_list_complete"] = findings.publisher_list_complete
        return result


def _entity_counts(outcomes: dict[str, int]) -> dict[str, int]:
    """Return all counts of an entity; `fetched` are the distinct records that the vendor listed."""
    counts = {name: outcomes.get(name, 0) for name in (*_ENTITY_COUNTS, "duplicates")}
    return {
        "fetched": sum(counts[name] for name in ("inserted", "updated", "unchanged", "rejected"))
    } | counts
