"""Takes one local entity to Broadstreet exactly once, or says why not (rule 5 of the export).

1. claim the local document in the version that was read;  2. journal the intent with the scope's
pre-image;  3. create;  4. journal the id;  5. insert in production;  6. delete the local copy;
7. close the journal. Whatever is killed in between, `settle` and `finish` take it up from what the
journal proves. Nothing is undone on the way out of an error: only the journal is believed.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Protocol

import msgspec

from vendor_sync.broadstreet import journal as states
from vendor_sync.broadstreet.adoption import Absent, Found, Several, Verdict, judge, placement_key
from vendor_sync.broadstreet.claims import Claims
from vendor_sync.broadstreet.dependencies import LocalEntity
from vendor_sync.broadstreet.entity_types import EntityType
from vendor_sync.broadstreet.export_settings import ExportSettings
from vendor_sync.broadstreet.export_store import ExportStore
from vendor_sync.broadstreet.finishing import Exported, Finishing
from vendor_sync.broadstreet.journal import Intent, Journal
from vendor_sync.broadstreet.lost import Lost
from vendor_sync.broadstreet.models import Record, content_hash, record_from_api
from vendor_sync.broadstreet.payloads import CreateCall, create_call
from vendor_sync.broadstreet.restored import Restored
from vendor_sync.broadstreet.scopes import Listed, Lists, Scopes, ScopeView
from vendor_sync.errors import (
    AmbiguousOutcomeError,
    AuthenticationError,
    InvalidRecordError,
    PermanentError,
    RateLimitedError,
    TemporaryError,
    VendorError,
)

logger = logging.getLogger(__name__)
# Not an error: the entity is simply not as it was read any more.
EDITED = "edited"
_LONGEST_WAIT_SECONDS = 60
# So long after its intent a create leaves at the latest; the queue for the calls is shorter.
_LEAVES_WITHIN_SECONDS = 1.0
_CONFLICT = 409
_FIRST_REFUSAL = 400


class Client(Lists, Protocol):
    """The vendor, as far as an export needs it."""

    def create(
        self,
        entity_type: EntityType,
        query: Mapping[str, Any],
        body: Mapping[str, Any],
        *,
        before_it_leaves: Callable[[], None],
    ) -> dict[str, Any] | None:
        """Create one entity, once; ask before it leaves."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """It is in Broadstreet. `settled` is False while its production copy could not be made."""

    broadstreet_id: int | None
    name: str | None
    adopted: bool
    settled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSent:
    """It stays local. `kind` is a word of the errors' table, `is_open` that it may be there yet."""

    kind: str
    reason: str
    is_open: bool = False


Outcome = Sent | NotSent


@dataclass(frozen=True, slots=True)
class _Again:
    """Nothing was created: the (new) intent may be sent."""

    intent: Intent
    error: VendorError


class Sender:
    """Used by the threads of one run."""

    def __init__(  # noqa: PLR0913 - the parts of a run, all keyword
        self,
        *,
        client: Client,
        scopes: Scopes,
        store: ExportStore,
        journal: Journal,
        settings: ExportSettings,
        run_id: str,
        backoff_seconds: float,
        concurrency: int,
        guard: Callable[[], None],
        step: Callable[[str], None],
        restored: Restored | None = None,
    ) -> None:
        self._client = client
        self._lost = Lost(restored, journal, run_id)
        self._scopes = scopes
        self._store = store
        self._journal = journal
        self._settings = settings
        self._run_id = run_id
        self._backoff = backoff_seconds
        self._guard = guard
        self._step = step
        self._calls = threading.BoundedSemaphore(concurrency)
        self._claims = Claims(store, run_id)
        self._finishing = Finishing(store, journal, run_id, step)

    def announce(self, entities: Iterable[LocalEntity]) -> None:
        """Say which entities are sent next, and in which order: they are claimed many at once."""
        self._claims.announce(entities)

    def untaken(self) -> set[str]:
        """Return the local ids of what was claimed ahead and not sent after all."""
        return self._claims.untaken()

    def flush(self) -> None:
        """Bring everything into production that is in Broadstreet and waits for company."""
        self._finishing.flush()

    def look_up(self, entity: LocalEntity, references: Mapping[str, int]) -> None:
        """List the scope of an entity, unless it is listed; a VendorError if it cannot be."""
        self._scopes.view(entity.entity_type, references)
        self._step("listed")

    def choose_name(
        self, entity: LocalEntity, references: Mapping[str, int], previous: Intent | None
    ) -> str | None:
        """Return the name that an entity is sent under; to be called in the order of the plan."""
        wanted = entity.fields.get("name")
        if wanted is None:
            return None
        view = self._scopes.view(entity.entity_type, references)
        self._lost.choose_name(entity, wanted, view, previous)
        same = previous and previous.wanted == wanted and previous.scope == view.key
        return view.choose(entity.local_id, wanted, previous.name if previous and same else None)

    def send(
        self,
        entity: LocalEntity,
        references: Mapping[str, int],
        *,
        name: str | None,
        previous: Intent | None,
    ) -> Outcome:
        """Create an entity whose references are all in Broadstreet, under its chosen name."""
        view = self._scopes.view(entity.entity_type, references)
        if not self._claims.take(entity):
            reason = "It was edited while the export ran: the next export sends it as it is now."
            return NotSent(kind=EDITED, reason=reason)
        self._step("claimed")
        call_named = partial(self._call, entity, references)
        previous = self._lost.intent(entity, references, view, previous, call_named)
        late = self._arrived_late(previous, view)
        if late is not None:
            return late
        call = self._call(entity, references, name)
        if entity.entity_type is EntityType.PLACEMENTS:
            refusal = self._placed_already(entity, call, view)
            if refusal:
                return refusal
        intent = Intent(
            local_id=entity.local_id,
            entity_type=entity.entity_type,
            local_version=entity.version,
            attempt=previous.attempt + 1 if previous else 1,
            status=states.INTENDED,
            run_id=self._run_id,
            scope=view.key,
            wanted=entity.fields.get("name"),
            name=name,
            references=dict(references),
            call=call,
            snapshot=view.snapshot,
            sent_at=_now(),
        )
        return self._create(intent)

    def settle(self, intent: Intent) -> Outcome:
        """Find out what came of a create that a run before this one has sent, and finish it."""
        if intent.status == states.CREATED:
            return self.finish(intent, adopted=False)
        verdict, _ = self._look(intent, answered=False)
        return self._conclude(intent, verdict)

    def finish(self, intent: Intent, *, adopted: bool) -> Outcome:
        """Move an entity that is in Broadstreet from local to production, by `flush` at the latest.

        Repeatable.
        """
        record = self._record(intent)
        if record is None:
            reason = (
                f"Broadstreet created it as {intent.broadstreet_id}, but does not list it yet: the "
                "next export looks again."
            )
            return NotSent(kind="conflict", reason=reason, is_open=True)
        self._finishing.add(Exported(local_id=intent.local_id, record=record, adopted=adopted))
        return Sent(broadstreet_id=intent.broadstreet_id, name=intent.name, adopted=adopted)

    def _arrived_late(self, previous: Intent | None, view: ScopeView) -> Outcome | None:
        """Adopt what an earlier attempt made after it had been given up, if it did."""
        if previous is None or previous.status != states.ABSENT or previous.scope != view.key:
            return None
        verdict = self._judge(previous, view)
        return None if isinstance(verdict, Absent) else self._conclude(previous, verdict)

    def _call(
        self, entity: LocalEntity, references: Mapping[str, int], name: str | None
    ) -> CreateCall:
        return create_call(
            entity.entity_type,
            fields=entity.fields,
            references=references,
            name=name,
            local_id=entity.local_id,
            tag_notes=self._settings.export_tag_notes,
        )

    def _placed_already(
        self, entity: LocalEntity, call: CreateCall, view: ScopeView
    ) -> NotSent | None:
        """Refuse a placement that is another local one's, or there with other restrictions."""
        key = placement_key(call.body)
        owner = self._store.owner_of_placement(key)
        if not view.take_triple(key, entity.local_id) or owner not in {None, entity.local_id}:
            reason = "Another local placement has the same three ids: delete one of them."
            return NotSent(kind="validation", reason=reason)
        there = view.find(key)
        restrictions = call.body.get("restrictions")
        wanted = [restrictions] if restrictions else []
        if there is not None and (there.document.get("restrictions") or []) != wanted:
            reason = (
                "Broadstreet has this placement with other restrictions "
                f"({there.document.get('restrictions')}): delete it there, or make them the same."
            )
            return NotSent(kind="conflict", reason=reason)
        return None

    def _create(self, intent: Intent) -> Outcome:
        """Journal and send until it is known what came of it, at most `create_attempts` times."""
        there = self._placed(intent)
        if there is not None:
            self._journal.intend(intent)
            return self._conclude(intent, Found(there))
        last: VendorError | None = None
        for number in range(self._settings.create_attempts):
            if number:
                time.sleep(self._backoff * 2 ** (number - 1))
                intent = replace(intent, attempt=intent.attempt + 1)
            answer = self._attempt(intent, renamed=_is_conflict(last))
            if not isinstance(answer, _Again):
                return answer
            intent, last = answer.intent, answer.error
        return NotSent(kind=_kind(last), reason=f"Given up after several attempts: {last}")

    def _attempt(self, intent: Intent, *, renamed: bool) -> Outcome | _Again:
        """Journal and send, once.

        Intents are written while others' calls are under way. One that has waited for its turn
        longer than it says is written anew: `settle_seconds` count from when it leaves at last.
        """
        self._step("before intent")
        intent = self._intend(intent)
        self._step("intended")

        def leave() -> None:
            nonlocal intent
            if _now() > intent.sent_at:
                intent = self._intend(intent)
            self._guard()

        call = intent.call
        try:
            with self._calls:
                item = self._client.create(
                    intent.entity_type, call.query, call.body, before_it_leaves=leave
                )
        except VendorError as error:
            return self._answer_to(intent, error, renamed=renamed)
        self._step("created")
        return self._created(intent, item)

    def _intend(self, intent: Intent) -> Intent:
        """Journal what is about to be sent, and until when it will have left."""
        seconds = min(_LEAVES_WITHIN_SECONDS, self._settings.settle_seconds)
        intent = replace(intent, sent_at=_now() + timedelta(seconds=seconds))
        self._journal.intend(intent)
        return intent

    def _answer_to(self, intent: Intent, error: VendorError, *, renamed: bool) -> Outcome | _Again:
        """Do what the errors' table says about a failed create."""
        self._step("failed")
        if isinstance(error, AuthenticationError):
            self._absent(intent)
            raise error
        if isinstance(error, RateLimitedError):
            return self._wait_as_told(intent, error)
        if isinstance(error, AmbiguousOutcomeError) or _is_unclear(error):
            return self._after_doubt(intent, error)
        if isinstance(error, TemporaryError):  # it never left
            self._absent(intent)
            return _Again(intent, error)
        if _is_conflict(error) and not renamed:
            return _Again(self._renamed(intent), error)
        return self._refused(intent, error)

    def _placed(self, intent: Intent) -> Record | None:
        """Return a placement that is there already: it is not created a second time."""
        if intent.entity_type is not EntityType.PLACEMENTS:
            return None
        view = self._scopes.view(intent.entity_type, intent.references)
        return view.find(placement_key(intent.call.body))

    def _created(self, intent: Intent, item: dict[str, Any] | None) -> Outcome:
        number = item["id"] if item and intent.entity_type is not EntityType.PLACEMENTS else None
        text = msgspec.json.encode(item).decode() if item else None
        created = replace(intent, status=states.CREATED, broadstreet_id=number, item=text)
        self._journal.note(
            intent.local_id, states.CREATED, _now(), broadstreet_id=number, item=text
        )
        self._step("noted")
        if intent.entity_type is EntityType.ADVERTISEMENTS:
            # Its answer is no row of a list: one list for all of the level shows them (`finish`).
            return Sent(broadstreet_id=number, name=intent.name, adopted=False, settled=False)
        return self.finish(created, adopted=False)

    def _after_doubt(self, intent: Intent, error: VendorError) -> Outcome | _Again:
        """Look what came of a create that has no clear answer."""
        logger.info("looking what came of it: %s", error)
        try:
            verdict, listed = self._look(intent, answered=error.status is not None)
        except AuthenticationError:
            raise
        except VendorError as failure:
            reason = f"{error} The look at what came of it failed as well: {failure}"
            return NotSent(kind="network", reason=reason, is_open=True)
        if not isinstance(verdict, Absent):
            return self._conclude(intent, verdict)
        self._absent(intent)
        return _Again(replace(intent, snapshot=listed.snapshot), error)

    def _look(self, intent: Intent, *, answered: bool) -> tuple[Verdict, Listed]:
        """List the scope again and judge; without an answer, absence needs time to be believed."""
        listed = self._scopes.again(intent.entity_type, intent.references)
        self._step("looked")
        verdict = self._judge(intent, listed)
        until = intent.sent_at + timedelta(seconds=self._settings.settle_seconds)
        remaining = 0.0 if answered else (until - _now()).total_seconds()
        if isinstance(verdict, Absent) and remaining > 0:
            time.sleep(remaining)
            listed = self._scopes.again(intent.entity_type, intent.references)
            verdict = self._judge(intent, listed)
        return verdict, listed

    def _judge(self, intent: Intent, view: ScopeView | Listed) -> Verdict:
        pre_image = self._journal.pre_image(intent)

        def owned(ids: Any) -> set[int]:  # noqa: ANN401 - ids
            return self._journal.owned(intent.entity_type, ids, intent.local_id)

        return judge(intent, view.records, pre_image, owned)

    def _conclude(self, intent: Intent, verdict: Verdict) -> Outcome:
        if isinstance(verdict, Absent):
            self._absent(intent)
            return NotSent(kind="network", reason="Its last attempt did not reach Broadstreet.")
        if isinstance(verdict, Several):
            self._journal.note(intent.local_id, states.STOPPED, _now())
            return NotSent(kind="conflict", reason=verdict.says(), is_open=True)
        key = verdict.record.key
        number = key if isinstance(key, int) else None
        self._journal.note(
            intent.local_id, states.CREATED, _now(), broadstreet_id=number, item=None
        )
        self._step("adopted")
        found = replace(intent, status=states.CREATED, broadstreet_id=number, item=None)
        return self.finish(found, adopted=True)

    def _record(self, intent: Intent) -> Record | None:
        """Return the entity as a list shows it, None if none does."""
        entity_type, references = intent.entity_type, intent.references
        if entity_type is EntityType.PLACEMENTS:
            key = placement_key(intent.call.body)
            return self._scopes.view(entity_type, references).find(key) or _as_sent(intent)
        if intent.item and entity_type is not EntityType.ADVERTISEMENTS:
            try:
                return record_from_api(entity_type, intent.item.encode(), references)
            except InvalidRecordError as error:
                logger.info("the answer to a create is no row of a list: %s", error)
        return self._scopes.refreshed_with(entity_type, references, intent.broadstreet_id or 0)

    def _wait_as_told(self, intent: Intent, error: RateLimitedError) -> _Again:
        self._absent(intent)
        wait = error.wait_seconds()
        if wait > _LONGEST_WAIT_SECONDS:
            raise error
        time.sleep(wait)
        return _Again(intent, error)

    def _absent(self, intent: Intent) -> None:
        self._journal.note(intent.local_id, states.ABSENT, _now())
        self._step("absent")

    def _renamed(self, intent: Intent) -> Intent:
        """Choose another name after Broadstreet called this one taken."""
        self._absent(intent)
        listed = self._scopes.again(intent.entity_type, intent.references)
        if intent.wanted is None:
            return replace(intent, snapshot=listed.snapshot)
        view = self._scopes.view(intent.entity_type, intent.references)
        name = view.choose(intent.local_id, intent.wanted, None)
        call = replace(intent.call, body={**intent.call.body, "name": name})
        return replace(intent, name=name, call=call, snapshot=listed.snapshot)

    def _refused(self, intent: Intent, error: VendorError) -> NotSent:
        self._journal.note(intent.local_id, states.REFUSED, _now())
        self._step("refused")
        return NotSent(kind="validation", reason=f"Broadstreet refuses it: {error}")


def _is_conflict(error: VendorError | None) -> bool:
    taken = "name: has already been taken" in str(error)
    return error is not None and (error.status == _CONFLICT or taken)


def _is_unclear(error: VendorError) -> bool:
    """Tell whether an answer is neither a success nor a refusal: a redirect, a broken page."""
    permanent = isinstance(error, PermanentError)
    return permanent and (error.status is None or error.status < _FIRST_REFUSAL)


def _kind(error: VendorError | None) -> str:
    if isinstance(error, RateLimitedError):
        return "quota"
    return "conflict" if _is_conflict(error) else "network"


def _as_sent(intent: Intent) -> Record:
    """Return a placement as a list will show it: its create answers nothing."""
    restrictions = intent.call.body.get("restrictions")
    names = ("advertisement_id", "zone_id", "campaign_id")
    document = {name: intent.call.body[name] for name in names}
    document["restrictions"] = [restrictions] if restrictions else []
    return Record(
        entity_type=intent.entity_type,
        key=placement_key(intent.call.body),
        document=document,
        content_hash=content_hash(document),
    )


def _now() -> datetime:
    return datetime.now(UTC)
