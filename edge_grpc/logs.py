"""Log lines as JSON, one object a line: a call is one line, whoever reads it."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

import msgspec


class JsonLines(logging.Formatter):
    """Formats a record as JSON; `facts(...)` of a call to the logger become its fields."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line, enc_hook=str).decode()


def facts(**fields: Any) -> dict[str, dict[str, Any]]:  # noqa: ANN401 - whatever JSON can hold
    """Return the `extra` of a logger's call that makes fields of the line."""
    return {"facts": fields}


def to_stderr(level: str) -> None:
    """Send everything from a level on to standard error."""
    # Where a call to the logger stands in the code is not part of a line: finding it, and the
    # thread and process, costs more than the line. (The way to say so is logging's own advice.)
    logging._srcfile = None  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler])
