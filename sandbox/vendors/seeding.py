"""Numbers that depend on nothing but the seed and the place they are used in."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")

_GOLDEN = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1
_SYLLABLES = tuple(a + b for a in "bdfgjklmnprstvz" for b in ("a", "e", "i", "o", "u"))


def key(*parts: object) -> int:
    """Return 64 bits that stand for the parts."""
    text = "\x1f".join(map(str, parts)).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")


def dice(root: int, index: int) -> Random:
    """Return the dice of one row: the same for ever, whatever else was generated before."""
    return Random((root ^ (index * _GOLDEN)) & _MASK)


def pick(random: Random, options: Sequence[T]) -> T:
    return options[int(random.random() * len(options))]


def weighted(options: Sequence[tuple[T, int]]) -> tuple[T, ...]:
    """Spread options over a tuple by their weight, so that a draw is one lookup."""
    return tuple(option for option, weight in options for _ in range(weight))


def hexadecimal(root: int, index: int, length: int) -> str:
    text = f"{root}:{index}".encode()
    return hashlib.blake2b(text, digest_size=(length + 1) // 2).hexdigest()[:length]


def digits(root: int, index: int, length: int) -> str:
    """Return digits that no other index of the same root has (a walk with a prime step)."""
    room = 9 * 10 ** (length - 1)
    return str(10 ** (length - 1) + (root + index * 2_147_483_647) % room)


def surname(root: int, index: int) -> str:
    """Return a pronounceable name that is unlikely to exist twice, or in any other text."""
    number = int(hexadecimal(root, index, 12), 16)
    syllables = []
    for _ in range(6):
        number, place = divmod(number, len(_SYLLABLES))
        syllables.append(_SYLLABLES[place])
    return "".join(syllables).capitalize()
