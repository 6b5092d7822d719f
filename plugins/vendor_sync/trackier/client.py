"""Reads Trackier's lists, page by page; owns no state, no database and no retries.

Lists are walked by `lastId`: the last id of a page asks for the next one, null ends the walk.
There is no `data` wrapper and no `page=` here; who expects them reads nothing, or page 1 for ever.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import msgspec

from vendor_sync.connections import Connection
from vendor_sync.errors import (
    AuthenticationError,
    ConfigurationError,
    PermanentError,
    RateLimitedError,
    TemporaryError,
    VendorError,
)
from vendor_sync.rate_limit import RateLimiter
from vendor_sync.redaction import Redactor
from vendor_sync.rest_client import (
    Answer,
    Archive,
    HttpLimits,
    RestClient,
    Usage,
    classify_by_status,
    retry_at_from_headers,
)
from vendor_sync.trackier.settings import TrackierSettings

# Secrets authenticate postbacks or pay people; the rest says who somebody is.
_SENSITIVE = frozenset(
    {
        "security_token", "securityToken", "password", "apiKey", "api_key", "bank", "email",
        "phone", "username", "managers", "manager", "signup_ip", "signupIp", "address", "zipcode",
        "contact", "customFields", "afields",
    }
)  # fmt: skip
REDACTORS = {
    "advertisers": Redactor(_SENSITIVE | {"city", "state"}),
    "campaigns": Redactor(_SENSITIVE),
    "publishers": Redactor(_SENSITIVE | {"city", "state", "name", "company", "payout", "login"}),
}

# codeMsg and numbers of v2 and v1; a wrong key is an HTTP 400 here.
_AUTHENTICATION_CODES = frozenset({"101", "102", "106", "5", "12", "13", "41", "42"})
_TEMPORARY_CODES = frozenset({"108", "51"})
_RATE_CODES = frozenset({"40"})
_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPage:
    """One page of a list: undecoded items, and what is known about the walk."""

    items: list[msgspec.Raw]
    audit_key: str | None
    fetched_at: datetime
    total: int | None
    complete: bool


class _Pagination(msgspec.Struct, rename="camel"):
    total_count: int | None = None


class _Envelope(msgspec.Struct, rename="camel"):
    advertisers: list[msgspec.Raw] | None = None
    campaigns: list[msgspec.Raw] | None = None
    publishers: list[msgspec.Raw] | None = None
    data: list[msgspec.Raw] | None = None
    last_id: int | str | None = None
    pagination: _Pagination | None = None
    errors: Any = None
    error: Any = None


_envelope: msgspec.json.Decoder[_Envelope | list[msgspec.Raw]] = msgspec.json.Decoder(
    _Envelope | list[msgspec.Raw]
)


class TrackierClient:
    """Walks the admin API's lists."""

    def __init__(self, rest: RestClient) -> None:
        self._rest = rest

    def iter_advertisers(self, ids: Sequence[str] = ()) -> Iterator[ListPage]:
        """Yield pages of advertisers: all, or those with the given hash or display ids."""
        return self._walk("advertisers", "/v2/advertisers", [("filters[ids][]", i) for i in ids])

    def iter_campaigns(self, advertiser_ids: Sequence[str]) -> Iterator[ListPage]:
        """Yield pages of the campaigns of some advertisers, whatever their status.

        Without a status filter: a paused campaign must not look deleted.
        """
        return self._walk(
            "campaigns", "/v2/campaigns", [("advertiser[]", brand) for brand in advertiser_ids]
        )

    def iter_publishers(self) -> Iterator[ListPage]:
        """Yield pages of publishers."""
        return self._walk("publishers", "/v2/publishers", [])

    def _walk(self, entity: str, path: str, params: list[tuple[str, str]]) -> Iterator[ListPage]:
        cursor: str | None = None
        asked: set[str] = set()
        while True:
            query = params if cursor is None else [*params, ("lastId", cursor)]
            page = self._rest.get_page(
                path, query, entity=entity, decode=lambda body: _decode_list(body, entity)
            )
            items, last_id, total = page.content
            following = None if last_id is None or not items else str(last_id)
            yield ListPage(
                items=items,
                audit_key=page.audit_key,
                fetched_at=page.fetched_at,
                total=total,
                complete=following is None,
            )
            if following is None or following in asked:  # a repeated one goes round for ever
                return
            asked.add(following)
            cursor = following


def trackier_client(  # noqa: PLR0913 - all keyword but two
    connection: Connection,
    settings: TrackierSettings,
    *,
    limiter: RateLimiter,
    usage: Usage,
    archive: Archive | None,
    limits: HttpLimits | None = None,
) -> RestClient:
    """Build the HTTP side for the connection `trackier_default`; `limits` are its settings'."""
    if not connection.host:
        message = (
            f"Connection '{connection.conn_id}' has no host: set it to the API's base URL, "
            "https://api.trackier.com."
        )
        raise ConfigurationError(message)
    url = connection.host if "://" in connection.host else f"https://{connection.host}"
    return RestClient(
        vendor="trackier",
        base_url=url,
        headers={"X-Api-Key": connection.require_password("the API key of the network")},
        limiter=limiter,
        classify=classify,
        usage=usage,
        archive=archive,
        limits=limits
        or HttpLimits(
            backoff_seconds=settings.backoff_seconds, read_seconds=settings.read_timeout_seconds
        ),
        connections=settings.concurrency + 1,
    )


def classify(answer: Answer) -> VendorError:
    """Return the error an answer means: by the vendor's code first, since a bad key is a 400."""
    code, text = _code_and_text(answer.body)
    message = f"{answer.request} answered {answer.status}: {code or 'no code'} {text}".rstrip()
    retry_at = retry_at_from_headers(answer.headers, datetime.now(UTC))
    known = _by_code(code, message, status=answer.status, retry_at=retry_at)
    return known or classify_by_status(answer, code=code, text=text)


def _by_code(
    code: str | None, message: str, *, status: int, retry_at: datetime | None = None
) -> VendorError | None:
    number = (code or "").split(" ")[0]
    if number in _AUTHENTICATION_CODES:
        message += " Check the key and its permissions in connection 'trackier_default'."
        return AuthenticationError(message, status=status, code=code)
    if number in _RATE_CODES:
        return RateLimitedError(message, retry_at=retry_at, status=status, code=code)
    if number in _TEMPORARY_CODES:
        return TemporaryError(message, status=status, code=code)
    return None


def _decode_list(
    body: bytes, entity: str
) -> tuple[list[msgspec.Raw], int | str | None, int | None]:
    """Return (items, cursor of the next page, total); ValueError if it is no list of `entity`."""
    page = _envelope.decode(body)
    if isinstance(page, list):
        return page, None, None
    if page.errors or page.error:
        code, text = _code_and_text(body)
        message = f"an error with HTTP 200: {code or 'no code'} {text}"
        raise _by_code(code, message, status=200) or PermanentError(message, status=200, code=code)
    items: list[msgspec.Raw] | None = getattr(page, entity)
    items = page.data if items is None else items
    if items is None:
        message = f"neither '{entity}' nor 'data' is in it"
        raise ValueError(message)
    return items, page.last_id, page.pagination.total_count if page.pagination else None


def _code_and_text(body: bytes) -> tuple[str | None, str]:
    """Return ("102 API_KEY_INVALID", message) from any of the vendor's error envelopes."""
    try:
        envelope = msgspec.json.decode(REDACTORS["advertisers"].redact_body(body))
    except msgspec.MsgspecError:
        return None, "(no JSON)"
    if not isinstance(envelope, dict):
        return None, "(no error object)"
    fields = cast("dict[str, Any]", envelope)
    error: Any = fields.get("errors") or fields.get("error") or fields
    if isinstance(error, list):
        error = next(iter(cast("list[Any]", error)), None)
    if not isinstance(error, dict):
        return None, str(error)[:_SHOWN]
    detail = cast("dict[str, Any]", error)
    words = [str(detail[key]) for key in ("code", "codeMsg") if detail.get(key) is not None]
    return " ".join(words) or None, str(detail.get("message", ""))[:_SHOWN]
