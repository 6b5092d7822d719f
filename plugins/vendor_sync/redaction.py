"""Removes secrets and personal values before anything is stored, logged or shown.

Archived pages must stay as the vendor sent them but for the dropped values, so a body is edited
as text: a value behind a sensitive key is replaced, every other byte is kept. This also works on
a body that is cut off in the middle, where a parser would give up and a secret would slip through.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Collection, Iterable
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

REDACTED = "[redacted]"
_SHORTEST_SECRET = 4
_QUOTED = f'"{REDACTED}"'.encode()
_SECRET_PARAMETER = re.compile(r"key|token|secret|password|signature|auth", re.IGNORECASE)
# A key may be spelt with escapes ("\u0065mail"); such a body is parsed and written anew instead.
_ESCAPED_ASCII = re.compile(rb"\\u00[2-7][0-9a-fA-F]")
_NUMBER_OR_WORD = re.compile(rb"[^\s,\]}]*")
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*("|\Z)|"(?:[^"\\]|\\.)*\\\Z', re.DOTALL)
_STRUCTURE = re.compile(rb'[\[\]{}]|"(?:[^"\\]|\\.)*(?:"|\Z|\\\Z)', re.DOTALL)


class Redactor:
    """Replaces the values of named keys, at any depth, in JSON text and in parsed JSON."""

    def __init__(self, keys: Collection[str]) -> None:
        self._keys = frozenset(keys)
        names = b"|".join(re.escape(key).encode() for key in sorted(self._keys))
        # Most strings are passed over by their first character, before any name is tried.
        firsts = b"|".join(sorted({re.escape(key[:1]).encode() for key in self._keys}))
        pattern = rb'"(?=' + firsts + rb")(?:" + names + rb')"\s*:\s*'
        self._pattern = re.compile(pattern) if names else None

    def redact_body(self, body: bytes) -> bytes:
        """Replace the sensitive values and keep all other bytes, even if `body` is cut off."""
        if self._pattern is None:
            return body
        if _ESCAPED_ASCII.search(body):
            try:
                return json.dumps(self.redact_item(json.loads(body)), ensure_ascii=False).encode()
            except (ValueError, UnicodeEncodeError):
                # Unreadable, and a key could hide behind escapes: resolve those first.
                body = _ESCAPED_ASCII.sub(_unescape, body)
        pieces: list[bytes] = []
        position = 0
        while match := self._pattern.search(body, position):
            pieces += (body[position : match.end()], _QUOTED)
            position = _value_end(body, match.end())
        pieces.append(body[position:])
        return b"".join(pieces)

    def redact_item(self, item: Any) -> Any:  # noqa: ANN401 - JSON
        """Return parsed JSON with the sensitive values replaced."""
        if isinstance(item, dict):
            fields = cast("dict[str, Any]", item)
            return {
                key: REDACTED if key in self._keys else self.redact_item(value)
                for key, value in fields.items()
            }
        if isinstance(item, list):
            return [self.redact_item(value) for value in cast("list[Any]", item)]
        return item


def _unescape(match: re.Match[bytes]) -> bytes:
    character = bytes.fromhex(match.group()[4:].decode())
    return b'\\"' if character == b'"' else b"\\\\" if character == b"\\" else character


def _value_end(body: bytes, start: int) -> int:
    """Return where the JSON value at `start` ends: the end of the body if it is cut off."""
    first = body[start : start + 1]
    if first == b'"':
        match = _STRING.match(body, start)
        return match.end() if match else len(body)
    if first not in (b"{", b"["):
        word = _NUMBER_OR_WORD.match(body, start)
        return word.end() if word else len(body)
    depth = 0
    for token in _STRUCTURE.finditer(body, start):
        if token.group() in (b"{", b"["):
            depth += 1
        elif token.group() in (b"}", b"]"):
            depth -= 1
            if depth == 0:
                return token.end()
    return len(body)


class RedactedUrls(logging.Filter):
    """Takes what looks secret out of the addresses in another library's log lines."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact the line's arguments; every line passes."""
        if isinstance(record.args, tuple):
            record.args = tuple(
                redact_url(value) if isinstance(value, str) and "?" in value else value
                for value in record.args
            )
        return True


def without_secrets(text: str, secrets: Iterable[str | None]) -> str:
    """Return a text without secret values, whoever quoted them; very short ones stay."""
    known = {secret for secret in secrets if secret and len(secret) >= _SHORTEST_SECRET}
    for secret in sorted(known, key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def redact_url(url: str) -> str:
    """Return the URL without login and without the values of parameters that look secret."""
    parts = urlsplit(url)
    query = urlencode(
        [
            (name, REDACTED if _SECRET_PARAMETER.search(name) else value)
            for name, value in parse_qsl(parts.query, keep_blank_values=True)
        ]
    )
    host = parts.netloc.rsplit("@", 1)[-1]
    return urlunsplit((parts.scheme, host, parts.path, query, ""))
