"""Parameters of a run, as forms, endpoints and command lines give them: by name, often as text."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import cast

from vendor_sync.errors import ConfigurationError

_SWITCHES = {
    **dict.fromkeys(("true", "yes", "1", "on"), True),
    **dict.fromkeys(("false", "no", "0", "off"), False),
}


def refuse_unknown(given: Iterable[str], known: Collection[str]) -> None:
    """Raise ConfigurationError for a name that is none, with those that there are."""
    if unknown := sorted(set(given) - set(known)):
        message = f"Unknown parameter {unknown[0]!r}; known are: {', '.join(sorted(known))}."
        raise ConfigurationError(message)


def flag(name: str, value: object) -> bool:
    """Return whether somebody ticked it (nothing said: no); raise ConfigurationError."""
    if value is None:
        return False
    chosen = switch(value)
    if chosen is None:
        message = f"Parameter '{name}' must be true or false, it is {value!r}."
        raise ConfigurationError(message)
    return chosen


def switch(value: object) -> bool | None:
    """Return what a value says of on and off, or None if that is nothing."""
    return _SWITCHES.get(str(value).lower())


def texts(name: str, value: object) -> list[str]:
    """Return a list, or text with commas, as trimmed texts, each once; raise ConfigurationError."""
    if value is None or value == "":
        return []
    parts: object = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple):
        message = f"Parameter '{name}' must be a list, it is {value!r}."
        raise ConfigurationError(message)
    trimmed = (str(part).strip() for part in cast("list[object]", parts))
    return list(dict.fromkeys(text for text in trimmed if text))
