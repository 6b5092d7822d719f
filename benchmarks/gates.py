"""What a measured figure must be."""

from __future__ import annotations

import operator
from dataclasses import dataclass

_COMPARED = {"<=": operator.le, "<": operator.lt, ">=": operator.ge, "=": operator.eq}


@dataclass(frozen=True, slots=True)
class Gate:
    """A figure with what it must be."""

    part: str
    name: str
    sign: str
    bound: float
    meaning: str

    def is_met(self, value: float) -> bool:
        return _COMPARED[self.sign](value, self.bound)
