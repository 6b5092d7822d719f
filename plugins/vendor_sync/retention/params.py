"""For how long things are kept; the form in the UI and the options of the command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import timedelta
from typing import Any, Self

from vendor_sync.errors import ConfigurationError
from vendor_sync.params import refuse_unknown

MOST_DAYS = 3650


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionParams:
    """Days that each kind of thing is kept. `dry_run` counts, and deletes nothing."""

    raw_pages_days: int = 90
    runs_days: int = 180
    rejects_days: int = 90
    usages_days: int = 400
    tombstones_days: int = 60
    dry_run: bool = False

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Self:
        """Read parameters; raise ConfigurationError for an unknown name or a wrong value."""
        known = {field.name: field.default for field in fields(cls)}
        given = {name: value for name, value in values.items() if value is not None}
        refuse_unknown(given, known)
        for name, value in given.items():
            _check(name, value, is_flag=isinstance(known[name], bool))
        return cls(**given)

    def to_json(self) -> dict[str, Any]:
        """Return the parameters as the run's row keeps them."""
        return asdict(self)

    def age(self, kind: str) -> timedelta:
        """Return how old things of a kind get: `runs` is what `runs_days` says."""
        return timedelta(days=getattr(self, f"{kind}_days"))


def _check(name: str, value: object, *, is_flag: bool) -> None:
    if is_flag:
        if not isinstance(value, bool):
            message = f"Parameter '{name}' must be true or false, it is {value!r}."
            raise ConfigurationError(message)
        return
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST_DAYS:
        message = f"Parameter '{name}' must be 1 to {MOST_DAYS} days, it is {value!r}."
        raise ConfigurationError(message)
