"""Log lines as JSON, one object a line: a call is one line, whoever reads it."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TextIO

import msgspec


class JsonLines(logging.Formatter):
    """Formats a record as JSON; `facts(...)` of a call to the logger become its fields."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC)
        told = dict(getattr(record, "facts", {}))
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        return _line(at, record.levelname, record.name, record.getMessage(), told)


def _line(at: datetime, level: str, logger: str, message: str, told: Mapping[str, Any]) -> str:
    when = at.isoformat(timespec="milliseconds")
    line = {"at": when, "level": level, "logger": logger, "message": message, **told}
    return msgspec.json.encode(line, enc_hook=str).decode()


class Lines:
    """Writes lines without a LogRecord and its way through handlers: those cost thrice the line.

    Until `to_stderr` gives it a stream, lines go the common way.
    """

    stream: TextIO | None = None

    def info(self, logger: logging.Logger, message: str, told: Mapping[str, Any]) -> None:
        """Write a line whose fields are told; the caller has asked whether the level is wanted."""
        if self.stream is None:
            logger.info(message, extra=facts(**told))
            return
        # A line that nobody takes any more does not end the call that it tells of.
        with contextlib.suppress(OSError, ValueError):
            self.stream.write(_line(datetime.now(UTC), "INFO", logger.name, message, told) + "\n")
            self.stream.flush()


lines = Lines()


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
    lines.stream = handler.stream
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler])
