"""Takes out of an answer what opened the door: vendors quote requests in their refusals.

Refusals are read by classifiers, and end up in logs, alerts and archived pages. So the secrets that
a request carried are replaced in its answer before anybody reads it, in each way that a vendor may
have written them.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from urllib.parse import quote, quote_plus

from vendor_sync.redaction import REDACTED

# Not whatever holds "key": a `sort_key` is no secret, and its value is a word of every page.
_SECRET_NAME = re.compile(
    r"authorization$|token$|secret$|password$|api[-_]?key$|consumer[-_]key$|^(auth[-_])?(code|key)$",
    re.IGNORECASE,
)
# What URLs and JSON write as it is.
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]+")
# Shorter ones ("app", "v2") are words of every answer.
_SHORTEST = 8
_BASIC = "Basic "


def secrets_of(*pairs: Iterable[tuple[str, str]]) -> list[str]:
    """Return the secret values of headers, parameters and form fields, longest first."""
    found = {
        secret
        for name, value in (pair for each in pairs for pair in each)
        if _is_secret(name)
        for secret in _parts(value)
        if len(secret) >= _SHORTEST
    }
    return sorted(found, key=len, reverse=True)


@lru_cache(maxsize=256)  # the same few names in every call
def _is_secret(name: str) -> bool:
    return _SECRET_NAME.search(name) is not None


def _parts(value: str) -> Iterator[str]:
    """Yield the value, its credentials behind a scheme, and user and password of a basic login."""
    yield value
    yield value.rpartition(" ")[2]
    if value.startswith(_BASIC):
        try:
            yield from base64.b64decode(value.removeprefix(_BASIC)).decode().split(":", 1)
        except (binascii.Error, UnicodeDecodeError):
            return


def without(body: bytes, secrets: Iterable[str]) -> bytes:
    """Return the body without any of the secrets, plain or as URLs and JSON write them."""
    for secret in secrets:
        for written in _spellings(secret):
            if written in body:
                body = body.replace(written, REDACTED.encode())
    return body


def _spellings(secret: str) -> set[bytes]:
    if _UNRESERVED.fullmatch(secret):
        return {secret.encode()}
    in_json = json.dumps(secret)[1:-1]
    found = {secret, quote(secret, safe=""), quote_plus(secret), in_json}
    # PHP writes every slash of JSON with a backslash before it.
    return {text.encode() for text in found | {in_json.replace("/", "\\/")}}
