"""Names in Broadstreet: compared loosely, sent trimmed, and made free by a number where taken.

Broadstreet has no rule against two entities of one name, and real accounts hold many. A name that
goes out from here is not to add to them: it must differ from all others of its scope (the network
or advertiser it is under) by more than case and white space.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

LONGEST = 255  # what Broadstreet takes is unknown; the longest one seen has 91 characters
# What people paste from web pages instead of a space, and does not look any different.
_SPACES = dict.fromkeys(
    map(ord, "\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{FIGURE SPACE}"), " "
)


def trim(name: str) -> str:
    """Return a name without white space around it; inside it stays as it is."""
    return name.strip()


def fold(name: str) -> str:
    """Return what two names must have in common to count as the same."""
    return name.translate(_SPACES).strip().casefold()


class Scope:
    """The names that are taken under one parent, those given out during this run included."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = Counter(map(fold, taken))

    def take(self, wanted: str) -> str:
        """Return the wanted name, or the first of `Name (1)`, `Name (2)`... that is free.

        A name too long for its number loses its end, never the number.
        """
        base = trim(wanted)[:LONGEST]
        chosen, number = base, 0
        while self.is_taken(chosen):
            number += 1
            suffix = f" ({number})"
            chosen = base[: LONGEST - len(suffix)].rstrip() + suffix
        self.keep(chosen)
        return chosen

    def keep(self, name: str) -> None:
        """Count a name as taken: somebody has it already."""
        self._taken[fold(name)] += 1

    def give_back(self, name: str) -> None:
        """Undo one `keep` or `take`: who had the name wants another."""
        self._taken[fold(name)] -= 1

    def is_taken(self, name: str) -> bool:
        """Tell whether somebody has this name or one that counts as the same."""
        return self._taken[fold(name)] > 0
