"""OpenTelemetry: a caller's trace goes on here, and spans leave by OTLP where that is configured.

The context comes in the call's metadata (`traceparent`, `tracestate`). Without an exporter nothing
is recorded, and the ids still reach the log line.
"""

# pyright: reportMissingTypeStubs=false
from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache

from opentelemetry import propagate, trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

_CARRIED = frozenset({"traceparent", "tracestate"})
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_tracer = trace.get_tracer("edge_grpc")
_NOBODYS = nullcontext(trace.INVALID_SPAN)  # nobody's trace, and nobody to send it to


def span(method: str, metadata: Iterable[tuple[str, str | bytes]]) -> AbstractContextManager[Span]:
    """Run a call as a span of its caller's trace; no exception's text gets into it."""
    carrier = {key: value for key, value in metadata if key in _CARRIED and isinstance(value, str)}
    return _opened(method, carrier) if carrier or _has_provider() else _NOBODYS


@cache
def _has_provider() -> bool:
    """Tell whether spans are recorded: that is settled before the first call, and slow to ask."""
    return not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)


@contextmanager
def _opened(method: str, carrier: Mapping[str, str]) -> Generator[Span]:
    service, _, name = method.strip("/").partition("/")
    with _tracer.start_as_current_span(
        method.strip("/"),
        context=propagate.extract(carrier),
        kind=SpanKind.SERVER,
        attributes={"rpc.system": "grpc", "rpc.service": service, "rpc.method": name},
        record_exception=False,
        set_status_on_exception=False,
    ) as opened:
        yield opened


def end(opened: Span, code: str) -> None:
    """Note how the call ended."""
    opened.set_attribute("rpc.grpc.status_code", code)
    if code not in {"OK", "CANCELLED"}:
        opened.set_status(Status(StatusCode.ERROR))


def ids(opened: Span) -> dict[str, str]:
    """Return the ids by which a log line is found from a trace, if there is one."""
    context = opened.get_span_context()
    if not context.is_valid:
        return {}
    return {
        "trace_id": trace.format_trace_id(context.trace_id),
        "span_id": trace.format_span_id(context.span_id),
    }


def export(environment: Mapping[str, str]) -> None:
    """Send spans by OTLP if OTEL_EXPORTER_OTLP_ENDPOINT is set; all else is OpenTelemetry's own."""
    if not any(environment.get(name) for name in _ENDPOINTS):
        return
    # Only where they are needed: the exporter takes longer to import than the server.
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import (  # noqa: PLC0415
        OTLPSpanExporter,
    )
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
