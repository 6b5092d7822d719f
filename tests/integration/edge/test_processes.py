"""The server as processes: several on one port, their log, their metrics, their end."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import uuid
from pathlib import Path
from typing import Any

import grpc
import pytest
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc

from edge_grpc.admin import ClientAdmin
from edge_grpc.client.backoff import reason
from edge_grpc.client.session import Session
from edge_grpc.database import opened
from edge_grpc.v1 import sync_pb2 as sync
from edge_grpc.v1 import usage_pb2 as usage
from tests.integration.edge.answers import watch
from tests.integration.edge.plain_edge import PlainEdge
from tests.integration.edge.server_process import served
from tests.observation import DASHBOARDS, asked_by

pytestmark = pytest.mark.integration
TRACE = "0af7651916cd43dd8448eb211c80319c"


def children(pid):
    """Return the workers of a server: children that are no helper of multiprocessing's."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    commands = {int(child): Path(f"/proc/{child}/cmdline").read_text() for child in found}
    return [child for child, command in commands.items() if "spawn_main" in command]


async def test_several_processes_share_a_port_revocations_and_the_loss_of_one(office, shop):
    office.add_product(shop)
    stranger = await office.add_shop()
    async with served(office, workers=2) as server, Session(server.credentials(shop)) as first:
        # Each channel is a connection, which the kernel gives to one of the processes.
        sessions = [Session(server.credentials(shop)) for _ in range(8)]
        watches = [await watch(session, shop) for session in (first, *sessions)]
        told = [await stream.read() for stream in watches]
        office.add_product(shop)
        newer = [await stream.read() for stream in watches]
        assert {one.version for one in newer} == {told[0].version + 1}

        victim, _ = workers = children(server.process.pid)
        os.kill(victim, signal.SIGKILL)
        syncs = [PlainEdge("Sync", **shop.tenant).sync(session) for session in sessions]
        assert {len(edge.held) for edge in await asyncio.gather(*syncs)} == {2}
        await server.until("serving", 3)
        assert set(children(server.process.pid)) - set(workers)

        watches = [await watch(session, shop) for session in (first, *sessions)]
        for stream in watches:
            await stream.read()
        async with opened(office.admin_dsn, size=1) as database:
            await ClientAdmin(database).revoke(uuid.UUID(shop.client_id))
        for stream in watches:
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await stream.read()
            assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
        for session in (first, *sessions):
            with pytest.raises(grpc.aio.AioRpcError):
                await PlainEdge("Sync", **shop.tenant).sync(session)
            await session.__aexit__(None, None, None)
        async with Session(server.credentials(stranger)) as session:
            assert (await PlainEdge("Sync", **stranger.tenant).sync(session)).held == {}


async def test_sigterm_ends_watches_with_a_reason_and_the_process_with_success(office, shop):
    async with served(office, workers=2) as server, Session(server.credentials(shop)) as session:
        stream = await watch(session, shop)
        await stream.read()

        code = await server.stop()

        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stream.read()
    assert code == 0
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    assert reason(caught.value) == "DRAINING"
    assert len(server.lines("draining")) == 2


class Collector:
    """An OpenTelemetry collector: keeps the spans that come by OTLP."""

    def __init__(self):
        self.spans, self.port = asyncio.Queue(), 0

    async def Export(self, request, _context):  # noqa: N802 - OTLP's own name
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                for span in scope.spans:
                    self.spans.put_nowait(span)
        return trace_service_pb2.ExportTraceServiceResponse()


@pytest.fixture
async def collector():
    server, collecting = grpc.aio.server(), Collector()
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(collecting, server)
    collecting.port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield collecting
    await server.stop(None)


async def test_trace_of_the_caller_goes_on_in_log_and_spans(office, shop, collector):
    environment: dict[str, Any] = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.port}",
        "OTEL_BSP_SCHEDULE_DELAY": "50",
    }
    request = sync.GetVersionRequest(company_id=shop.company_id)
    trace = (("traceparent", f"00-{TRACE}-b7ad6b7169203331-01"),)
    async with (
        served(office, **environment) as server,
        Session(server.credentials(shop)) as session,
    ):
        metadata = (*await session.metadata(), *trace)
        await session.stub.GetVersion(request, metadata=metadata)
        async with asyncio.timeout(30):
            while (span := await collector.spans.get()).trace_id.hex() != TRACE:
                continue
        await server.stop()

    assert span.name == "edge_grpc.v1.EdgeSyncService/GetVersion"
    assert span.parent_span_id.hex() == "b7ad6b7169203331"
    [line] = [line for line in server.lines("call") if line.get("trace_id") == TRACE]
    assert (line["call"], line["span_id"]) == ("GetVersion", span.span_id.hex())


async def test_each_call_is_one_json_line_and_no_secret_is_in_any(office, shop):
    async with served(office) as server, Session(server.credentials(shop)) as session:
        grant = await session.grant()
        await PlainEdge("Sync", **shop.tenant).sync(session)
        upload = usage.UploadUsageBatchRequest(**shop.tenant)
        with pytest.raises(grpc.aio.AioRpcError):
            await session.stub.UploadUsageBatch(upload, metadata=await session.metadata())
        with pytest.raises(grpc.aio.AioRpcError):
            await session.stub.GetVersion(
                sync.GetVersionRequest(), metadata=(("authorization", "Bearer hush"),)
            )
        await server.stop()

    calls = [(line["call"], line["code"], line["store"]) for line in server.lines("call")]
    assert calls == [
        ("IssueToken", "OK", ""),
        ("Sync", "OK", shop.store_id),
        ("UploadUsageBatch", "INVALID_ARGUMENT", shop.store_id),
        ("GetVersion", "UNAUTHENTICATED", ""),
    ]
    assert all(json.loads(line) for line in server.log)
    secrets = (shop.client_secret, grant.access_token, grant.refresh_token, "hush", office.dsn)
    assert not [secret for secret in secrets if secret in "\n".join(server.log)]


async def test_metrics_after_known_traffic(office, shop):
    """Every figure that operators are promised, after calls whose numbers are known."""
    for _ in range(3):
        office.add_product(shop)
    gone = office.add_promotion(shop)
    async with served(office) as server, Session(server.credentials(shop)) as session:
        edge = await PlainEdge("Sync", **shop.tenant).sync(session)
        office.run("DELETE FROM edge.promotions WHERE promotion_id = %s", gone)
        await edge.sync(session)
        stream = await watch(session, shop)
        await stream.read()
        office.add_product(shop)
        await stream.read()
        with pytest.raises(grpc.aio.AioRpcError):
            await session.stub.GetVersion(
                sync.GetVersionRequest(company_id=str(uuid.uuid4())),
                metadata=await session.metadata(),
            )
        seen = await server.metrics()
        # A refused call is counted once its answer has left: perhaps after the edge has read it.
        while ("edge_grpc_calls_total", frozenset({"GetVersion", "PERMISSION_DENIED"})) not in seen:
            seen = await server.metrics()
        stream.cancel()

    expected = {
        ("edge_grpc_calls_total", "IssueToken", "OK"): 1,
        ("edge_grpc_calls_total", "Sync", "OK"): 2,
        ("edge_grpc_calls_total", "GetVersion", "PERMISSION_DENIED"): 1,
        ("edge_grpc_call_seconds_count", "Sync"): 2,
        ("edge_grpc_store_failures_total", shop.store_id): 1,
        ("edge_grpc_open_streams", "WatchVersion"): 1,
        ("edge_grpc_open_streams", "Sync"): 0,
        ("edge_grpc_records_sent_total", "product", "upsert"): 3,
        ("edge_grpc_records_sent_total", "promotion", "upsert"): 1,
        ("edge_grpc_records_sent_total", "promotion", "removal"): 1,
        ("edge_grpc_push_lag_seconds_count",): 1,
    }
    assert {key: seen.get((key[0], frozenset(key[1:]))) for key in expected} == expected
    assert 0 < seen["edge_grpc_call_seconds_sum", frozenset({"Sync"})] < 60
    assert seen["edge_grpc_push_lag_seconds_sum", frozenset()] < 60
    assert seen["edge_grpc_batch_bytes_total", frozenset({"raw"})] > 100
    [dashboard] = [file for file in DASHBOARDS if file.stem == "edge"]
    # Nobody has uploaded a usage, so nothing is said of that yet.
    asked = asked_by(dashboard) - {"edge_grpc_usage_records_total"}
    assert asked <= {name for name, _ in seen}
