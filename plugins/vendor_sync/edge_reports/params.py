"""What a report's run is asked to do; the form in the UI and the options of the command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from vendor_sync.errors import ConfigurationError
from vendor_sync.params import refuse_unknown

_MOST_DAYS = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class _Params:
    def to_json(self) -> dict[str, Any]:
        """Return the parameters as the run's row keeps them."""
        return asdict(self)

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Self:
        """Read parameters; raise ConfigurationError for an unknown name or a wrong value."""
        known = {field.name: field.default for field in fields(cls)}
        given = {name: value for name, value in values.items() if value is not None}
        refuse_unknown(given, known)
        for name, value in given.items():
            _check(name, value, known[name])
        return cls(**given)


@dataclass(frozen=True, slots=True, kw_only=True)
class RollupParams(_Params):
    """`full_refresh`: make every day anew, not only those of which something has arrived."""

    full_refresh: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditParams(_Params):
    """Days before its end that a promotion is told of, and days without a use."""

    expiring_days: int = 7
    unused_days: int = 14


def _check(name: str, value: object, default: object) -> None:
    if isinstance(default, bool):
        if not isinstance(value, bool):
            message = f"Parameter '{name}' must be true or false, it is {value!r}."
            raise ConfigurationError(message)
        return
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MOST_DAYS:
        message = f"Parameter '{name}' must be 0 to {_MOST_DAYS} days, it is {value!r}."
        raise ConfigurationError(message)
