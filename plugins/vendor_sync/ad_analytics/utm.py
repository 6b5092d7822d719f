"""What a landing page's address says about the ad behind it, in comparable form.

The raw values stay beside the keys. Rules of the attribution decision note: percent-decode once (a
second time only for a double-encoded value), NFKC, drop what cannot be seen, trim, one space,
casefold; nothing that two different campaigns may differ by is merged (dash, underscore, Arabic
letters and their marks).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes, urlsplit

from vendor_sync.ad_analytics.records import Platform

# Raise it when a rule changes: rows of an older version are normalised anew by the next full run.
RULE_VERSION = 1
LONGEST_VALUE = 512
_UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")
_SOURCES: Mapping[str, Platform] = {
    "facebook": Platform.META, "fb": Platform.META, "ig": Platform.META, "meta": Platform.META,
    "instagram": Platform.META, "facebook.com": Platform.META, "instagram.com": Platform.META,
    "tiktok": Platform.TIKTOK, "tt": Platform.TIKTOK, "tiktok.com": Platform.TIKTOK,
    "snapchat": Platform.SNAPCHAT, "snap": Platform.SNAPCHAT, "snapchat.com": Platform.SNAPCHAT,
}  # fmt: skip
# Parameter names are compared without case, values never.
CLICK_IDS: Mapping[str, Platform] = {
    "fbclid": Platform.META, "ttclid": Platform.TIKTOK, "sccid": Platform.SNAPCHAT,
    "gclid": Platform.GOOGLE, "gbraid": Platform.GOOGLE, "wbraid": Platform.GOOGLE,
    "msclkid": Platform.MICROSOFT,
}  # fmt: skip
_ID_PARAMETERS = ("utm_id", "campaign_id")
_NOTHING = frozenset(
    {"", "(none)", "(not set)", "(direct)", "null", "undefined", "none", "n/a", "-"}
)
_MACRO = re.compile(r"\{\{|\}\}|\A\{[^{}]*\}\Z|\A__[a-z0-9_]+__\Z", re.IGNORECASE)
_ENCODED = re.compile(r"%[0-9a-f]{2}", re.IGNORECASE)
_DIGITS = re.compile(r"\A[0-9]{8,20}\Z")
_SPACES = re.compile(r"\s+")
_SEARCH = ("google.", "bing.", "yahoo.", "duckduckgo.", "yandex.", "baidu.", "ecosia.")
_SOCIAL = ("facebook.", "instagram.", "tiktok.", "snapchat.", "t.co", "twitter.", "x.com")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What one visit's address and parameters say: raw values, keys, and what was odd."""

    utm_source: str | None
    utm_medium: str | None
    utm_campaign: str | None
    utm_content: str | None
    utm_term: str | None
    source_platform: str | None
    click_platform: str | None
    click_value: str | None
    medium_key: str | None
    campaign_key: str | None
    campaign_ids: list[str] | None
    referrer_kind: str
    flags: list[str] | None


def comparison_key(value: str | None, flags: set[str] | None = None) -> str | None:
    """Return the key that values are compared by; None for none, for a placeholder, for a macro."""
    if value is None:
        return None
    text = unicodedata.normalize("NFKC", value)
    if not text.isprintable():  # else there is nothing to take out, and no space but the usual
        text = "".join(_visible(character) for character in text)
    text = _SPACES.sub(" ", text).strip().casefold()
    if text in _NOTHING:
        return None
    if _MACRO.search(text):
        _flag(flags, "unresolved_macro")
        return None
    if len(text) > LONGEST_VALUE:
        _flag(flags, "too_long")
        text = text[:LONGEST_VALUE]
    return text


def read_trace(
    landing_url: str | None, referrer: str | None, parameters: Mapping[str, str] | None = None
) -> Trace:
    """Read a visit. `parameters` are decoded values from elsewhere; they win over the address."""
    flags: set[str] = set()
    found = _url_parameters(landing_url or "", flags)
    for name, value in (parameters or {}).items():
        if value:
            found[name.lower()] = value
    raw = {name: found.get(name) for name in _UTM}
    source = comparison_key(raw["utm_source"], flags)
    campaign_key = comparison_key(raw["utm_campaign"], flags)
    comparison_key(raw["utm_content"], flags)
    source_platform = _SOURCES.get(source) if source else None
    click_platform, click_value = _click_id(found, source_platform, flags)
    if click_platform and source_platform and click_platform != source_platform:
        flags.add("conflict")
    return Trace(
        **{name: _stored(raw[name]) for name in _UTM},
        source_platform=source_platform,
        click_platform=click_platform,
        click_value=_stored(click_value),
        medium_key=comparison_key(raw["utm_medium"], flags),
        campaign_key=campaign_key,
        campaign_ids=_campaign_ids(found, campaign_key, flags),
        referrer_kind=_referrer_kind(referrer, source),
        flags=sorted(flags) or None,
    )


def _visible(character: str) -> str:
    """Return a character, a space for white space, nothing for what cannot be seen (Cc, Cf)."""
    if character.isspace():
        return " "
    return "" if unicodedata.category(character) in {"Cc", "Cf"} else character


def _url_parameters(url: str, flags: set[str]) -> dict[str, str]:
    """Return the address's parameters by lower-case name; the last non-empty of twins wins."""
    try:
        parts = urlsplit(url)
        query, fragment = parts.query, parts.fragment
    except ValueError:
        flags.add("malformed_url")
        query, fragment = url.partition("?")[2], ""
    found = _pairs(query, flags)
    for name, value in _pairs(fragment.rpartition("?")[2], flags).items():
        found.setdefault(name, value)
    return found


def _pairs(query: str, flags: set[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in query.split("&"):
        name, equals, value = part.partition("=")
        name = _decode(name, flags).lower()
        # `&amp;utm_source=`: escaped for HTML once too often. `;` before it was never a separator.
        name = name.removeprefix("amp;")
        value = _decode(value, flags)
        if not equals or not value.strip():
            continue
        if name in found and found[name] != value:
            flags.add("repeated_parameter")
        found[name] = value
    return found


def _decode(text: str, flags: set[str]) -> str:
    once = _decode_once(text.replace("+", " "))
    if not _ENCODED.search(once):
        return once
    try:
        twice = unquote_to_bytes(once).decode()
    except UnicodeDecodeError:
        return once
    flags.add("double_encoded")
    return twice


def _decode_once(text: str) -> str:
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        return text  # malformed: kept literally


def _click_id(
    found: Mapping[str, str], source_platform: Platform | None, flags: set[str]
) -> tuple[Platform | None, str | None]:
    """Return the click id: of two, that of the platform which utm_source names, else the last."""
    present = [(CLICK_IDS[name], value) for name, value in found.items() if name in CLICK_IDS]
    if not present:
        return None, None
    if len({platform for platform, _ in present}) > 1:
        agreeing = [pair for pair in present if pair[0] == source_platform]
        if not agreeing:
            flags.add("several_click_ids")
        return (agreeing or present)[-1]
    return present[-1]


def _campaign_ids(
    found: Mapping[str, str], campaign_key: str | None, flags: set[str]
) -> list[str] | None:
    """Return what may be a platform's campaign id: id parameters, and a name of digits only."""
    ids: list[str] = []
    for name in _ID_PARAMETERS:
        key = comparison_key(found.get(name), flags)
        if key:
            ids.append(_ascii_digits(key))
    digits = _ascii_digits(campaign_key or "")
    if _DIGITS.match(digits):
        ids.append(digits)
    return sorted(set(ids)) or None


def _ascii_digits(text: str) -> str:
    return "".join(
        str(unicodedata.digit(character)) if character.isdigit() else character
        for character in text
    )


def _referrer_kind(referrer: str | None, source: str | None) -> str:
    """Say how an unpaid visit came: `organic` (search, social), `referral` or `direct`."""
    try:
        host = (urlsplit(referrer or "").hostname or "").removeprefix("www.")
    except ValueError:
        host = ""
    if any(f".{host}".find(f".{name}") >= 0 for name in _SEARCH + _SOCIAL) and host:
        return "organic"
    if host or source:
        return "referral"
    return "direct"


def _flag(flags: set[str] | None, flag: str) -> None:
    if flags is not None:
        flags.add(flag)


def _stored(value: str | None) -> str | None:
    """Return a raw value as PostgreSQL can keep it."""
    if value is None:
        return None
    text = value.replace("\0", "").encode("utf-8", "replace").decode()
    return text[: LONGEST_VALUE * 4]
