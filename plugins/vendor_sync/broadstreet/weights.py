"""A campaign's weight: Broadstreet is written a number and answers a word."""

from __future__ import annotations

from collections.abc import Mapping

NUMBERS: Mapping[str, float] = {
    "remnant": 0,
    "low": 0.5,
    "default": 1,
    "high": 1.5,
    "sponsorship": 127,
}
LABELS: Mapping[float, str] = {number: label for label, number in NUMBERS.items()}


def label(weight: object) -> str:
    """Return the word for a number or a word; raise ValueError naming the ones there are."""
    if isinstance(weight, str) and weight.strip().lower() in NUMBERS:
        return weight.strip().lower()
    if isinstance(weight, int | float) and not isinstance(weight, bool) and weight in LABELS:
        return LABELS[weight]
    known = ", ".join(f"{word} ({number:g})" for word, number in NUMBERS.items())
    message = f"{weight!r} is no weight of Broadstreet's; there are: {known}."
    raise ValueError(message)
