"""Takes what the product tells of itself: spans by OTLP, figures by StatsD; real listeners."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as service
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as service_grpc
from opentelemetry.proto.trace.v1.trace_pb2 import Span

HOST = "127.0.0.1"


@dataclass
class Spans(service_grpc.TraceServiceServicer):
    """Keeps every span that arrives; `endpoint` is what senders are told."""

    endpoint: str = ""
    received: list[Span] = field(default_factory=list)

    def Export(self, request, context):  # noqa: ARG002, N802 - the protocol's
        """Take a batch."""
        self.received += [
            span
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]
        return service.ExportTraceServiceResponse()

    def of_trace(self, trace_id: bytes) -> dict[bytes, Span]:
        return {span.span_id: span for span in self.received if span.trace_id == trace_id}


@contextmanager
def spans_collected() -> Iterator[Spans]:
    """Listen for spans by OTLP over gRPC."""
    spans = Spans()
    server = grpc.server(ThreadPoolExecutor(2))
    service_grpc.add_TraceServiceServicer_to_server(spans, server)
    spans.endpoint = f"http://{HOST}:{server.add_insecure_port(f'{HOST}:0')}"
    server.start()
    try:
        yield spans
    finally:
        server.stop(1).wait()


@dataclass
class Figures:
    """Keeps every StatsD line that arrives at `port`."""

    port: int
    lines: list[str] = field(default_factory=list)


@contextmanager
def figures_collected() -> Iterator[Figures]:
    """Listen for StatsD lines."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind((HOST, 0))
        figures = Figures(listener.getsockname()[1])

        def listen() -> None:
            while (packet := listener.recv(65536)) != b"end":
                figures.lines += packet.decode().splitlines()

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        try:
            yield figures
        finally:
            listener.sendto(b"end", (HOST, figures.port))
            thread.join(5)
