"""Which advertiser a campaign belongs to, both ways, without a table of campaigns.

Advertisers own stretches of slots; a campaign's slot is an affine permutation of its index, so that
the campaigns of an advertiser lie all over the network's list and can still be counted off.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from itertools import accumulate

from sandbox.vendors.seeding import dice, key

_SKEW = 0.8


class Spread:
    """Gives `offers` to `brands`: evenly, or a few have most and many have next to none."""

    def __init__(self, seed: int, offers: int, brands: int, *, even: bool) -> None:
        self._offers = offers
        self._ends = list(accumulate(_sizes(seed, offers, brands, even=even)))
        root = key(seed, "spread")
        self._step = _coprime(offers, max(1, int(offers * 0.618)))
        self._shift = root % max(1, offers)
        self._back = pow(self._step, -1, offers) if offers > 1 else 0

    def brand_of(self, index: int) -> int:
        slot = (self._step * index + self._shift) % self._offers
        return bisect_right(self._ends, slot)

    def members(self, brand: int) -> list[int]:
        """Return the campaigns of an advertiser in ascending order."""
        if not 0 <= brand < len(self._ends):
            return []
        start = self._ends[brand - 1] if brand else 0
        slots = range(start, self._ends[brand])
        return sorted((slot - self._shift) * self._back % self._offers for slot in slots)


def _coprime(number: int, near: int) -> int:
    return next(step for step in range(near, near + number + 2) if math.gcd(step, number) == 1)


def _sizes(seed: int, offers: int, brands: int, *, even: bool) -> list[int]:
    if not brands:
        return []
    weights = [1.0 if even else (rank + 1) ** -_SKEW for rank in range(brands)]
    random = dice(key(seed, "sizes"), 0)
    if not even:
        weights = [weight for _, weight in sorted((random.random(), weight) for weight in weights)]
    total = math.fsum(weights)
    ends = [round(offers * part / total) for part in accumulate(weights)]
    return [end - start for start, end in zip([0, *ends], ends, strict=False)]
