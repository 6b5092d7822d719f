"""Names by which a click is known in URLs, order attributes and order meta, and our own snippet's.

Names are compared without case (`ScCid`, `sccid`); values are kept as they are, they are case
sensitive. A name may be spelt with leading underscores, as hidden order attributes are.
"""

from __future__ import annotations

from collections.abc import Iterable

# Our storefront snippet writes these two where a shop lets a cart carry attributes.
VISITOR_ATTRIBUTE = "_click_visitor"
CLICKS_ATTRIBUTE = "_click_ids"

_NAMES = (
    "utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term", "utm_id",
    "campaign_id", "ad_id", "fbclid", "ttclid", "ScCid", "gclid", "gbraid", "wbraid", "msclkid",
    "_fbc",
)  # fmt: skip
_KNOWN = {name.lower().lstrip("_"): name for name in _NAMES}
_OWN = frozenset({VISITOR_ATTRIBUTE, CLICKS_ATTRIBUTE})


def parameter_name(name: str) -> str | None:
    """Return the usual spelling of a tracking parameter, or None if it is none."""
    return _KNOWN.get(name.strip().lower().lstrip("_"))


def is_tracking(name: str) -> bool:
    """Tell whether an attribute's value is about a click, and so may be kept."""
    return name in _OWN or parameter_name(name) is not None


def parameters_of(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the tracking parameters among name-value pairs; the last non-empty one counts."""
    found: dict[str, str] = {}
    for name, value in pairs:
        known = parameter_name(name)
        if known and value:
            found[known] = value
    return found


def own_click_ids(text: str | None) -> tuple[str, ...]:
    """Return the click ids that our snippet left in an attribute, comma separated."""
    ids = (part.strip() for part in (text or "").split(","))
    return tuple(dict.fromkeys(part for part in ids if part))
