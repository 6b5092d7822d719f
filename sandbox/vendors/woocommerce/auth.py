"""Who may read: by Basic login, key and secret in the query, or an OAuth 1.0a signature."""

from __future__ import annotations

import base64
import hashlib
import hmac
from binascii import Error as BadBase64
from urllib.parse import quote

from sandbox.vendors.wire import Call

_HASHES = {"HMAC-SHA1": hashlib.sha1, "HMAC-SHA256": hashlib.sha256}


def is_known(call: Call, key: str, secret: str, *, url: str, header: bool) -> bool:
    """Tell whether the call proves the key; without `header` the server strips Authorization."""
    if call.first("oauth_consumer_key") is not None:
        return call.first("oauth_consumer_key") == key and _signed(call, secret, url)
    if call.first("consumer_key") is not None:
        return (call.first("consumer_key"), call.first("consumer_secret")) == (key, secret)
    kind, _, packed = call.headers.get("Authorization", "").partition(" ")
    if not header or kind.lower() != "basic":
        return False
    try:
        return base64.b64decode(packed).decode() == f"{key}:{secret}"
    except (BadBase64, UnicodeDecodeError):
        return False


def _signed(call: Call, secret: str, url: str) -> bool:
    method = _HASHES.get(call.first("oauth_signature_method") or "")
    if method is None:
        return False
    # As PHP sees a query: of a parameter that comes twice only the last.
    given = dict(call.query)
    signature = given.pop("oauth_signature", "")
    pairs = sorted(given.items())
    query = "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in pairs)
    text = "&".join((call.method, _encoded(url), _encoded(query)))
    digest = hmac.new(f"{secret}&".encode(), text.encode(), method).digest()
    return hmac.compare_digest(base64.b64encode(digest).decode(), signature)


def _encoded(text: str) -> str:
    return quote(text, safe="~")
