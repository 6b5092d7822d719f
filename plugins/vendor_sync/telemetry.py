"""What the flows tell of themselves while they run: ids for the log, spans for traces, figures.

Spans go wherever OpenTelemetry was told to send them: in a task that is Airflow, whose span of the
task is then their parent; on the command line it is `export_spans`. Figures go to whoever asked for
them by `send_figures_to`; names and labels are few, and never an account, a record or a URL.
"""

# pyright: reportMissingTypeStubs=false
from __future__ import annotations

import contextvars
import logging
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, ParamSpec, Protocol, TypeVar

import structlog
from opentelemetry import trace
from opentelemetry.trace import Span, Status, StatusCode

from vendor_sync.errors import PermanentError, RateLimitedError, TokenExpiredError

P = ParamSpec("P")
T = TypeVar("T")
_tracer = trace.get_tracer("vendor_sync")
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
# What a record may become, by the words of the flows' counts: the label of a figure.
_OUTCOMES = {
    "added": "inserted",
    "inserted": "inserted",
    "rates_written": "inserted",
    "updated": "updated",
    "unchanged": "unchanged",
    "kept": "kept",
    "deactivated": "removed",
    "removed": "removed",
    "rejected": "refused",
    "failed": "refused",
    "exported": "exported",
    "adopted": "exported",
    "orders": "read",
    "days": "read",
}


class Figures(Protocol):
    """Takes figures; Airflow's StatsD or OpenTelemetry metrics, whichever it is configured for."""

    def count(self, name: str, number: int) -> None:
        """Add to a counter."""
        ...

    def measure(self, name: str, value: float) -> None:
        """Set a gauge."""
        ...

    def time(self, name: str, seconds: float) -> None:
        """Note how long something took."""
        ...


class _Nobody:
    """Where nobody asks for figures."""

    def count(self, name: str, number: int) -> None:
        """Drop it."""

    def measure(self, name: str, value: float) -> None:
        """Drop it."""

    def time(self, name: str, seconds: float) -> None:
        """Drop it."""


class _Receiver:
    figures: Figures = _Nobody()


_receiver = _Receiver()


def send_figures_to(figures: Figures) -> None:
    """Let everything that this process counts from now on go there."""
    _receiver.figures = figures


def figures() -> Figures:
    """Return who takes the figures."""
    return _receiver.figures


def run_ended(flow: str, status: str, counts: Mapping[str, Any], seconds: float) -> None:
    """Tell that a run has ended, how, after how long, and what became of its records."""
    told = figures()
    told.count(f"vendor_sync.run.finished.{flow}.{status}", 1)
    told.time(f"vendor_sync.run.seconds.{flow}", seconds)
    for outcome, number in outcomes(counts).items():
        told.count(f"vendor_sync.records.{flow}.{outcome}", number)


def outcomes(counts: Mapping[str, Any]) -> dict[str, int]:
    """Sum a run's counts by what became of the records.

    Where a level of the counts has none of the words, the levels below it are looked at: totals
    beside their parts are not counted twice.
    """
    found: dict[str, int] = {}
    for name, value in counts.items():
        if name in _OUTCOMES and isinstance(value, int | list):
            number = value if isinstance(value, int) else len(value)  # pyright: ignore[reportUnknownArgumentType]
            found[_OUTCOMES[name]] = found.get(_OUTCOMES[name], 0) + number
    if found:
        return found
    for part in counts.values():
        if isinstance(part, Mapping):
            for outcome, number in outcomes(part).items():  # pyright: ignore[reportUnknownArgumentType]
                found[outcome] = found.get(outcome, 0) + number
    return found


@contextmanager
def span(name: str, **attributes: str | int) -> Generator[Span]:
    """Run something as a span; an error leaves its kind, and never its text, which may quote."""
    told = {f"vendor_sync.{key}": value for key, value in attributes.items()}
    with _tracer.start_as_current_span(
        name, attributes=told, record_exception=False, set_status_on_exception=False
    ) as opened:
        try:
            yield opened
        except BaseException as error:
            opened.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise


class VendorCall:
    """One attempt of a call that is under way; its bytes are told when they are here."""

    __slots__ = ("size",)

    def __init__(self) -> None:
        self.size = 0

    def received(self, size: int) -> None:
        """Note how long the answer's body was."""
        self.size = size


@contextmanager
def vendor_call(vendor: str, method: str) -> Generator[VendorCall]:
    """Run one attempt of a call as a span, and count it by how it ended.

    `ok`, `rate_limited`, `refused` (asking again will not help), or `failed`.
    """
    told, began, call, outcome = figures(), time.monotonic(), VendorCall(), "ok"
    with span(f"{method} {vendor}", vendor=vendor) as opened:
        try:
            yield call
        except RateLimitedError as error:
            outcome = "rate_limited"
            told.time(f"vendor_sync.vendor.told_to_wait.{vendor}", error.wait_seconds())
            raise
        except (PermanentError, TokenExpiredError):
            outcome = "refused"
            raise
        except BaseException:
            outcome = "failed"
            raise
        finally:
            opened.set_attribute("vendor_sync.outcome", outcome)
            opened.set_attribute("vendor_sync.bytes", call.size)
            told.count(f"vendor_sync.vendor.calls.{vendor}.{outcome}", 1)
            told.count(f"vendor_sync.vendor.bytes.{vendor}", call.size)
            told.time(f"vendor_sync.vendor.seconds.{vendor}", time.monotonic() - began)


def about(**ids: str | int) -> AbstractContextManager[None]:
    """Put ids onto every line that is logged meanwhile."""
    return structlog.contextvars.bound_contextvars(**ids)


def about_run(flow: str, run_id: str) -> None:
    """Put a run's ids onto this span, and onto every line that is logged here from now on."""
    structlog.contextvars.bind_contextvars(flow=flow, run_id=run_id)
    here = trace.get_current_span()
    here.set_attributes({"vendor_sync.flow": flow, "vendor_sync.run_id": run_id})


def carried(function: Callable[P, T]) -> Callable[P, T]:
    """Return a function for other threads that runs with the span and the ids of here."""
    here = contextvars.copy_context()

    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        return here.copy().run(function, *args, **kwargs)

    return run


def json_lines() -> logging.Formatter:
    """Return a formatter that writes a line as one JSON object, in the words of Airflow's logs."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(default=str),
        ],
    )


def export_spans(environment: Mapping[str, str]) -> None:
    """Send spans by OTLP if OTEL_EXPORTER_OTLP_ENDPOINT is set; all else is OpenTelemetry's own."""
    if not any(environment.get(name) for name in _ENDPOINTS):
        return
    # Only where they are needed: they take longer to import than a small run takes.
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import (  # noqa: PLC0415
        OTLPSpanExporter,
    )
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
