"""HTTP for all vendors: timeouts, bounded retries in seconds, rate limits and an audit tap.

Reads are repeated; a create is sent once, and its end is told apart: done, refused, or unknown.
Retries live here for what heals within a minute; what takes longer leaves as an error that carries
the instant to try again, so that no worker waits for it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import urlencode

import requests
from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from requests.utils import default_headers, requote_uri
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt
from tenacity.wait import wait_base, wait_exponential_jitter
from urllib3.exceptions import NewConnectionError

from vendor_sync import echoes, telemetry
from vendor_sync.errors import (
    AmbiguousOutcomeError,
    AuthenticationError,
    PermanentError,
    RateLimitedError,
    TemporaryError,
    TokenExpiredError,
    VendorError,
)
from vendor_sync.rate_limit import RateLimiter
from vendor_sync.redaction import RedactedUrls, redact_url

logger = logging.getLogger(__name__)
# Its debug lines quote the whole URL, and some vendors take their key nowhere else.
logging.getLogger("urllib3.connectionpool").addFilter(RedactedUrls())
T = TypeVar("T")
_CHUNK_BYTES = 1 << 20
_SHOWN_CHARACTERS = 200
_OK = range(200, 300)
_FIRST_REFUSAL = 400
_UNAUTHORIZED = (401, 403)
_TEMPORARY_STATUSES = (408, 425)
_SERVER_ERROR = 500
_TOO_MANY = 429


class Archive(Protocol):
    """Where response pages are kept before anyone parses them."""

    def store(self, entity: str, body: bytes) -> str:
        """Keep the body and return the key to find it by."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """A vendor's answer with a non-2xx status, as the vendor's classifier sees it."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    request: str


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One response: what it decodes to, and where its bytes are archived."""

    content: T
    audit_key: str | None
    fetched_at: datetime
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpLimits:
    """Bounds of one request, in seconds and bytes; the defaults suit a JSON list API."""

    connect_seconds: float = 5
    read_seconds: float = 30
    total_seconds: float = 120
    body_bytes: int = 64 << 20
    attempts: int = 3
    backoff_seconds: float = 0.5
    longest_wait_seconds: float = 60


@dataclass(frozen=True, slots=True)
class _Request:
    """What is sent: a JSON body makes it a POST."""

    path: str
    params: list[tuple[str, str]]
    json: object = None
    form: Mapping[str, str] | None = None

    @property
    def method(self) -> str:
        return "GET" if self.json is None and self.form is None else "POST"


class Usage:
    """Counts calls, retries and bytes of a run; shared by its threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.calls = 0
        self.retries = 0
        self.bytes_received = 0

    def add(self, *, calls: int = 0, retries: int = 0, bytes_received: int = 0) -> None:
        """Add to the counters."""
        with self._lock:
            self.calls += calls
            self.retries += retries
            self.bytes_received += bytes_received


class RestClient:
    """Sends requests to one vendor; thread-safe. `vendor` names it where calls are counted.

    `authorize` is asked for headers before every attempt, so that a token refreshed in between is
    used; what never changes goes into `headers`. When the vendor calls a token expired, `renew` is
    told the refused headers (another thread may have replaced them since), and the attempt is made
    once more. `secret_params` go into every URL, and into no text. A `transport` is shared with
    clients of other accounts, and closed by whoever made it; headers are never shared.

    There is no requests.Session: merging its settings and preparing its URLs cost as much as the
    exchange itself, and an API needs neither cookies nor redirects.
    """

    def __init__(  # noqa: PLR0913 - all keyword, all strategies of one request
        self,
        *,
        vendor: str,
        base_url: str,
        headers: Mapping[str, str],
        limiter: RateLimiter,
        classify: Callable[[Answer], VendorError],
        usage: Usage,
        archive: Archive | None = None,
        limits: HttpLimits | None = None,
        connections: int = 8,
        transport: HTTPAdapter | None = None,
        authorize: Callable[[], Mapping[str, str]] = dict,
        renew: Callable[[Mapping[str, str]], None] | None = None,
        secret_params: Sequence[tuple[str, str]] = (),
    ) -> None:
        self._vendor = vendor
        self._base_url = base_url.rstrip("/")
        self._limiter = limiter
        self._authorize = authorize
        self._renew = renew
        self._classify = classify
        self._archive = archive
        self._limits = limits or HttpLimits()
        self._usage = usage
        self._secret_params = list(secret_params)
        self._headers = {**default_headers(), "Accept": "application/json", **headers}
        self._is_shared = transport is not None
        self._transport = transport or pooled_adapter(connections)

    def close(self) -> None:
        """Close the pooled connections, unless they are shared."""
        if not self._is_shared:
            self._transport.close()

    def get_page(
        self,
        path: str,
        params: list[tuple[str, str]],
        *,
        entity: str,
        decode: Callable[[bytes], T],
    ) -> Page[T]:
        """Return one decoded page, archived before it was decoded.

        `decode` raises ValueError for a body that is not what the vendor promises; that is retried
        like a broken connection. Raises a VendorError when the attempts are used up.
        """
        return self._retried(_Request(path, params), entity, decode)

    def post_page(
        self,
        path: str,
        body: object,
        *,
        entity: str,
        decode: Callable[[bytes], T],
        params: list[tuple[str, str]] | None = None,
    ) -> Page[T]:
        """Post JSON and return one decoded page; otherwise as `get_page`.

        It is repeated like a GET: only for calls that read, or that may happen twice.
        """
        return self._retried(_Request(path, params or [], body), entity, decode)

    def post_form_once(self, path: str, form: Mapping[str, str]) -> bytes:
        """Post a form and return the answer's body: one attempt, not archived.

        For token endpoints, whose answers are secret and whose calls may not be repeated blindly.
        """
        self._wait_for_turn()
        self._usage.add(calls=1)
        body, _ = self._send(_Request(path, [], form=form), {})
        self._usage.add(bytes_received=len(body))
        return body

    def create_once(
        self,
        path: str,
        params: list[tuple[str, str]],
        body: object,
        *,
        expected: Container[int] = _OK,
        before_it_leaves: Callable[[], None] = lambda: None,
    ) -> bytes:
        """Post JSON, once, and return the body of the answer with an expected status, unread.

        `before_it_leaves` is called when it is the request's turn; if it raises, nothing leaves.

        Raises AmbiguousOutcomeError where the vendor may have done it: no answer, a broken or an
        unexpected one, a 5xx. Every other VendorError says that it has not.
        """
        self._wait_for_turn()
        before_it_leaves()
        self._usage.add(calls=1)
        try:
            answer, _ = self._send(_Request(path, params, body), self._authorize(), expected)
        except RateLimitedError as error:
            # Whoever is to wait longer is told so by its own call, and waits as an error.
            self._limiter.defer(min(error.wait_seconds(), self._limits.longest_wait_seconds))
            raise
        except TemporaryError as error:
            if isinstance(error, _NotSentError):
                raise
            message = f"{error}. Whether it was done is not known."
            raise AmbiguousOutcomeError(message, status=error.status) from error
        except PermanentError as error:
            if error.status is not None and error.status >= _FIRST_REFUSAL:
                raise
            message = f"{error}. Whether it was done is not known."
            raise AmbiguousOutcomeError(message, status=error.status) from error
        self._usage.add(bytes_received=len(answer))
        return answer

    def _retried(self, request: _Request, entity: str, decode: Callable[[bytes], T]) -> Page[T]:
        retrying = Retrying(
            stop=stop_after_attempt(self._limits.attempts),
            wait=_VendorWait(self._limits.backoff_seconds),
            retry=retry_if_exception(self._heals_soon),
            before_sleep=self._before_retry,
            reraise=True,
        )
        return retrying(self._attempt, request, entity, decode)

    def _attempt(self, request: _Request, entity: str, decode: Callable[[bytes], T]) -> Page[T]:
        authorization = self._authorize()
        try:
            return self._once(request, authorization, entity, decode)
        except TokenExpiredError:
            if self._renew is None:
                raise
        self._renew(authorization)
        return self._once(request, self._authorize(), entity, decode)

    def _once(
        self,
        request: _Request,
        authorization: Mapping[str, str],
        entity: str,
        decode: Callable[[bytes], T],
    ) -> Page[T]:
        self._wait_for_turn()
        self._usage.add(calls=1)
        body, headers = self._send(request, authorization)
        fetched_at = datetime.now(UTC)
        self._usage.add(bytes_received=len(body))
        audit_key = self._archive.store(entity, body) if self._archive else None
        try:
            content = decode(body)
        except ValueError as error:
            message = f"{self._describe(request)} answered a body that cannot be read: {error}"
            raise TemporaryError(message) from error
        return Page(content, audit_key, fetched_at, headers)

    def _wait_for_turn(self) -> None:
        began = time.monotonic()
        self._limiter.acquire()
        telemetry.figures().time(
            f"vendor_sync.vendor.paced.{self._vendor}", time.monotonic() - began
        )

    def _send(
        self,
        request: _Request,
        authorization: Mapping[str, str],
        expected: Container[int] = _OK,
    ) -> tuple[bytes, Mapping[str, str]]:
        """Send one attempt, as a span and as figures; the address is in neither."""
        with telemetry.vendor_call(self._vendor, request.method) as call:
            body, headers = self._exchange(request, authorization, expected)
            call.received(len(body))
        return body, headers

    def _exchange(
        self, request: _Request, authorization: Mapping[str, str], expected: Container[int]
    ) -> tuple[bytes, Mapping[str, str]]:
        limits = self._limits
        try:
            # Straight to the transport: the key follows no redirect to another host, and neither a
            # .netrc file nor a proxy variable of the environment has a say.
            with self._transport.send(
                self._prepare(request, authorization),
                timeout=(limits.connect_seconds, limits.read_seconds),
                stream=True,
            ) as response:
                body = self._read(response, request)
                is_expected = response.status_code in expected
                # A login form is answered with tokens, and one may be the same as before.
                if request.form is None or not is_expected:
                    body = echoes.without(body, self._secrets(request, authorization))
                if is_expected:
                    return body, response.headers
                described = self._describe(request)
                answer = Answer(response.status_code, response.headers, body, described)
        except requests.RequestException as error:
            # The original may quote the URL and headers; its kind and cause are enough.
            message = f"{self._describe(request)} failed: {_cause(error)}"
            raise (_NotSentError if _never_left(error) else TemporaryError)(message) from None
        raise self._classify(answer)

    def _secrets(self, request: _Request, authorization: Mapping[str, str]) -> list[str]:
        form = (request.form or {}).items()
        headers = {**self._headers, **authorization}.items()
        return echoes.secrets_of(headers, self._secret_params, request.params, form)

    def _prepare(self, request: _Request, authorization: Mapping[str, str]) -> PreparedRequest:
        prepared: Any = PreparedRequest()
        prepared.prepare_method(request.method)
        prepared.url = self._address(request)
        prepared.prepare_headers({**self._headers, **authorization})
        if request.method == "POST":
            prepared.prepare_body(request.form, None, json=request.json)
        return prepared

    def _address(self, request: _Request) -> str:
        params = [*request.params, *self._secret_params]
        query = f"?{urlencode(params)}" if params else ""
        return self._root + requote_uri(request.path) + query

    @cached_property
    def _root(self) -> str:
        """Return the base URL as it is sent; raise a RequestException for one that is none."""
        checked: Any = PreparedRequest()
        checked.prepare_url(self._base_url, None)
        if not checked.url.startswith(("http://", "https://")):
            message = f"{self._base_url} is no address of HTTP"
            raise requests.exceptions.InvalidSchema(message)
        return checked.url.rstrip("/")

    def _read(self, response: requests.Response, request: _Request) -> bytes:
        deadline = time.monotonic() + self._limits.total_seconds
        chunks: list[bytes] = []
        size = 0
        for chunk in response.iter_content(_CHUNK_BYTES):
            chunks.append(chunk)
            size += len(chunk)
            if size > self._limits.body_bytes:
                message = (
                    f"{self._describe(request)} answered more than {self._limits.body_bytes} bytes."
                )
                raise PermanentError(message)
            if time.monotonic() > deadline:
                allowed = self._limits.total_seconds
                message = f"{self._describe(request)} was not done after {allowed:.0f} s."
                raise TemporaryError(message)
        return b"".join(chunks)

    def _describe(self, request: _Request) -> str:
        # Not by requests: it refuses an address that is none, which is what may have to be told.
        query = f"?{urlencode(request.params)}" if request.params else ""
        url = self._base_url + requote_uri(request.path) + query
        text = f"{request.method} {redact_url(url)}"
        return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "..."

    def _heals_soon(self, error: BaseException) -> bool:
        if isinstance(error, RateLimitedError):
            return error.wait_seconds() <= self._limits.longest_wait_seconds
        return isinstance(error, TemporaryError)

    def _before_retry(self, state: RetryCallState) -> None:
        self._usage.add(retries=1)
        telemetry.figures().count(f"vendor_sync.vendor.retries.{self._vendor}", 1)
        error = state.outcome.exception() if state.outcome else None
        pause = state.next_action.sleep if state.next_action else 0.0
        if isinstance(error, RateLimitedError):
            self._limiter.defer(pause)
        logger.info("retry %d in %.1f s: %s", state.attempt_number, pause, error)


class _NotSentError(TemporaryError):
    """No connection came about: the vendor has seen nothing of the request."""


class _VendorWait(wait_base):
    """Wait what the vendor asks for, otherwise exponentially with jitter."""

    def __init__(self, first_seconds: float) -> None:
        self._backoff = wait_exponential_jitter(
            multiplier=first_seconds, max=first_seconds * 20, jitter=first_seconds
        )

    def __call__(self, retry_state: RetryCallState) -> float:
        error = retry_state.outcome.exception() if retry_state.outcome else None
        if isinstance(error, RateLimitedError) and error.retry_at is not None:
            return error.wait_seconds()
        return self._backoff(retry_state)


def pooled_adapter(connections: int) -> HTTPAdapter:
    """Return a transport that keeps so many connections to a host open, and repeats nothing."""
    return HTTPAdapter(pool_connections=4, pool_maxsize=connections, max_retries=0)


def classify_by_status(answer: Answer, *, code: str | None = None, text: str = "") -> VendorError:
    """Return the error for an HTTP status; vendors with codes of their own look at those first."""
    message = f"{answer.request} answered {answer.status} {code or ''} {text}".rstrip()
    if answer.status == _TOO_MANY:
        retry_at = retry_at_from_headers(answer.headers, datetime.now(UTC))
        return RateLimitedError(message, retry_at=retry_at, status=answer.status, code=code)
    if answer.status in _UNAUTHORIZED:
        return AuthenticationError(message, status=answer.status, code=code)
    if answer.status >= _SERVER_ERROR or answer.status in _TEMPORARY_STATUSES:
        return TemporaryError(message, status=answer.status, code=code)
    return PermanentError(message, status=answer.status, code=code)


def retry_at_from_headers(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """Return when a vendor accepts requests again, or None if it does not say.

    Reads Retry-After (seconds or an HTTP date, RFC 9110 10.2.3), then X-RateLimit-Reset (epoch).
    """
    retry_after = headers.get("Retry-After", "").strip()
    if retry_after:
        try:
            return now + timedelta(seconds=max(0.0, float(retry_after)))
        except (ValueError, OverflowError):
            pass
        try:
            instant = parsedate_to_datetime(retry_after)
            return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
        except ValueError:
            pass
    try:
        return datetime.fromtimestamp(float(headers["X-RateLimit-Reset"]), UTC)
    except (KeyError, ValueError, OverflowError, OSError):
        return None


def _never_left(error: requests.RequestException) -> bool:
    """Say whether a request failed before a byte of it was sent."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    inner: object = error.args[0] if error.args else None
    return isinstance(getattr(inner, "reason", inner), NewConnectionError)


def _cause(error: BaseException) -> str:
    """Return the kinds of a requests error and of its causes, without the URL they quote."""
    names: list[str] = [type(error).__name__]
    inner: Any = error
    while inner is not None:
        reason = getattr(inner, "reason", None) or next(
            (part for part in getattr(inner, "args", ()) if isinstance(part, BaseException)), None
        )
        inner = reason if isinstance(reason, BaseException) else None
        if inner is not None:
            names.append(type(inner).__name__)
    return " <- ".join(dict.fromkeys(names))
