"""Reads and creates what an account's token may see; owns no state, no database and no retries.

There is no paging: a list is the whole scope, and a name is looked up by listing. Creates have no
key against doubles and are sent once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import msgspec

from vendor_sync.broadstreet.entity_types import EntityType
from vendor_sync.broadstreet.models import Record, record_from_api
from vendor_sync.broadstreet.settings import BroadstreetSettings
from vendor_sync.connections import Connection
from vendor_sync.errors import (
    AmbiguousOutcomeError,
    AuthenticationError,
    ConfigurationError,
    InvalidRecordError,
    PermanentError,
    VendorError,
)
from vendor_sync.rate_limit import RateLimiter
from vendor_sync.rest_client import Answer, HttpLimits, RestClient, Usage, classify_by_status

_PREFIX = "/api/1"
_SHOWN = 200
_NOT_FOUND = 404
_CREATED = 201
_array = msgspec.json.Decoder(list[msgspec.Raw])
_object = msgspec.json.Decoder(dict[str, msgspec.Raw])


class NotFoundError(PermanentError):
    """The vendor has no such entity, or no longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A row of a list that cannot be used, with the reason in words."""

    external_id: str | None
    reason: str
    item: Any

    @property
    def number(self) -> int | None:
        """Return its id, None where it tells none that can be read."""
        text = self.external_id or ""
        return int(text) if text.isascii() and text.isdigit() else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One whole scope: its records in the vendor's order, and the rows that are none."""

    entity_type: EntityType
    parents: Mapping[str, int]
    records: list[Record]
    refused: list[Refused]


class BroadstreetClient:
    """One method a list, and one for all creates. Thread-safe.

    Every list raises a VendorError when it cannot be had whole; none is ever empty for that.
    """

    def __init__(self, rest: RestClient) -> None:
        self._rest = rest

    def list_networks(self) -> Listing:
        """Return every network of the account."""
        return self._list(EntityType.NETWORKS, {})

    def list_advertisers(self, network_id: int) -> Listing:
        """Return the advertisers of a network."""
        return self._list(EntityType.ADVERTISERS, {"network_id": network_id})

    def list_zones(self, network_id: int) -> Listing:
        """Return the zones of a network."""
        return self._list(EntityType.ZONES, {"network_id": network_id})

    def list_advertisements(self, network_id: int, advertiser_id: int) -> Listing:
        """Return the advertisements of one advertiser: rows name it in words only."""
        parents = {"network_id": network_id, "advertiser_id": advertiser_id}
        return self._list(EntityType.ADVERTISEMENTS, parents)

    def list_campaigns(self, advertiser_id: int) -> Listing:
        """Return the campaigns of an advertiser."""
        return self._list(EntityType.CAMPAIGNS, {"advertiser_id": advertiser_id})

    def list_placements(self, campaign_id: int) -> Listing:
        """Return the placements of a campaign."""
        return self._list(EntityType.PLACEMENTS, {"campaign_id": campaign_id})

    def create(
        self,
        entity_type: EntityType,
        query: Mapping[str, int],
        body: Mapping[str, Any],
        *,
        before_it_leaves: Callable[[], None] = lambda: None,
    ) -> dict[str, Any] | None:
        """Create one entity; return it as the answer shows it, None for a placement.

        `before_it_leaves` is called when it is the call's turn; if it raises, nothing leaves.

        Raises AmbiguousOutcomeError where it may have been created: look before creating again.
        PermanentError with status 422 means the vendor refuses a field; the message names it.
        """
        params = [(name, str(number)) for name, number in query.items()]
        answer = self._rest.create_once(
            f"{_PREFIX}/{entity_type}",
            params,
            dict(body),
            expected={_CREATED},
            before_it_leaves=before_it_leaves,
        )
        if entity_type is EntityType.PLACEMENTS and not answer:
            return None
        return _created(entity_type, answer)

    def _list(self, entity_type: EntityType, parents: Mapping[str, int]) -> Listing:
        page = self._rest.get_page(
            f"{_PREFIX}/{entity_type}",
            [(name, str(number)) for name, number in parents.items()],
            entity=entity_type,
            decode=lambda body: _rows(entity_type, body),
        )
        return listing_of(entity_type, parents, page.content)


def listing_of(
    entity_type: EntityType, parents: Mapping[str, int], rows: list[msgspec.Raw]
) -> Listing:
    """Read the rows of a list; a broken one does not take the others with it."""
    records: list[Record] = []
    refused: list[Refused] = []
    for row in rows:
        try:
            records.append(record_from_api(entity_type, row, parents))
        except InvalidRecordError as error:
            refused.append(_refused(error, row))
    return Listing(entity_type=entity_type, parents=parents, records=records, refused=refused)


def broadstreet_client(
    connection: Connection,
    settings: BroadstreetSettings,
    *,
    limiter: RateLimiter,
    usage: Usage,
    limits: HttpLimits | None = None,
) -> RestClient:
    """Build the HTTP side for the connection `broadstreet_default`.

    The vendor takes its token in the query only: it is put there last, and redacted everywhere.
    """
    if not connection.host:
        message = (
            f"Connection '{connection.conn_id}' has no host: set it to the API's base URL, "
            "https://api.broadstreetads.com."
        )
        raise ConfigurationError(message)
    url = connection.host if "://" in connection.host else f"https://{connection.host}"
    token = connection.require_password("the access token of a dashboard user")
    return RestClient(
        vendor="broadstreet",
        base_url=url,
        headers={},
        limiter=limiter,
        classify=classify,
        usage=usage,
        limits=limits
        or HttpLimits(
            backoff_seconds=settings.backoff_seconds, read_seconds=settings.read_timeout_seconds
        ),
        connections=settings.concurrency + 1,
        secret_params=[("access_token", token)],
    )


def classify(answer: Answer) -> VendorError:
    """Return the error an answer means; a 422 says which field is refused, and why."""
    error = classify_by_status(answer, text=_error_text(answer.body))
    if isinstance(error, AuthenticationError):
        message = f"{error} Check the access token in connection 'broadstreet_default'."
        return AuthenticationError(message, status=answer.status)
    if answer.status == _NOT_FOUND:
        return NotFoundError(str(error), status=answer.status)
    return error


def _rows(entity_type: EntityType, body: bytes) -> list[msgspec.Raw]:
    """Return the rows of a list answer; ValueError if it is none.

    Placements come as a bare array; older forms had an envelope, and one of a single row.
    """
    try:
        if body.lstrip()[:1] == b"[" and entity_type is EntityType.PLACEMENTS:
            return _array.decode(body)
        fields = _object.decode(body)
        rows = fields.get(entity_type)
        if rows is None and entity_type is EntityType.PLACEMENTS:
            rows = fields.get(entity_type.singular)
            if rows is not None and bytes(rows)[:1] == b"{":
                return [rows]
        if rows is not None:
            return _array.decode(rows)
    except msgspec.MsgspecError as error:
        message = f"it is no JSON list ({error}): {_start(body)}"
        raise ValueError(message) from None
    message = f"'{entity_type}' is not in it: {_start(body)}"
    raise ValueError(message)


def _created(entity_type: EntityType, answer: bytes) -> dict[str, Any]:
    try:
        item: Any = msgspec.json.decode(answer)
    except msgspec.MsgspecError:
        item = None
    placed = entity_type is EntityType.PLACEMENTS and item is not None
    fields = cast("dict[str, Any]", item) if isinstance(item, dict) else {}
    shown: Any = fields.get(entity_type.singular, fields)
    if isinstance(shown, dict) and (placed or isinstance(cast("Any", shown).get("id"), int)):
        return cast("dict[str, Any]", shown)
    message = (
        f"POST {_PREFIX}/{entity_type} answered a 2xx without the {entity_type.singular}: "
        f"{_start(answer)}. Whether it was created is not known."
    )
    raise AmbiguousOutcomeError(message, status=_CREATED)


def _error_text(body: bytes) -> str:
    """Return what an error body says: `{"errors": {field: message}}` or `{"message": text}`."""
    try:
        item: Any = msgspec.json.decode(body)
    except msgspec.MsgspecError:
        return "(no JSON)"
    if not isinstance(item, dict):
        return "(no error object)"
    fields = cast("dict[str, Any]", item)
    errors: Any = fields.get("errors")
    if isinstance(errors, dict):
        words = cast("dict[str, Any]", errors).items()
        return "; ".join(f"{name}: {text}" for name, text in words)[:_SHOWN]
    return str(errors or fields.get("message") or "")[:_SHOWN]


def _refused(error: InvalidRecordError, row: msgspec.Raw) -> Refused:
    try:
        item: Any = msgspec.json.decode(row)
    except msgspec.MsgspecError:
        item = bytes(row).decode(errors="replace")
    return Refused(external_id=error.external_id, reason=error.reason, item=item)


def _start(body: bytes) -> str:
    text = body[:_SHOWN].decode(errors="replace")
    return repr(text[:60]) if text else "an empty body"
