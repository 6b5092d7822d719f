"""An upload whose refusal overtook its first request: gRPC then only tells that writing failed."""

from __future__ import annotations

import grpc
import pytest

from edge_grpc.client.outbox import Outbox
from edge_grpc.client.session import Credentials, Session
from edge_grpc.client.store import open_database
from edge_grpc.client.uploads import Uploader
from edge_grpc.v1 import auth_pb2 as auth
from edge_grpc.v1 import usage_pb2 as usage
from edge_grpc.v1.edge_sync_service_pb2_grpc import (
    EdgeSyncServiceServicer,
    add_EdgeSyncServiceServicer_to_server,
)


class ForgetfulOffice(EdgeSyncServiceServicer):
    """Takes usages with the second token only, and gives no reason for refusing the first."""

    def __init__(self):
        self.tokens = 0

    def _grant(self):
        self.tokens += 1
        return auth.TokenGrant(access_token=f"token-{self.tokens}", expires_in_seconds=900)

    async def IssueToken(self, _request, _context):  # noqa: N802
        return auth.IssueTokenResponse(grant=self._grant())

    async def UploadUsage(self, request_iterator, context):  # noqa: N802
        if "Bearer token-2" not in dict(context.invocation_metadata()).values():
            await context.abort(grpc.StatusCode.INTERNAL, "Internal error from Core")
        async for request in request_iterator:
            answer = usage.UploadUsageResponse(sequence=request.sequence)
            for record in request.records:
                answer.results.add(usage_id=record.usage_id, verdict=usage.USAGE_VERDICT_ACCEPTED)
            yield answer


@pytest.fixture
async def target():
    server = grpc.aio.server()
    add_EdgeSyncServiceServicer_to_server(ForgetfulOffice(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield f"127.0.0.1:{port}"
    await server.stop(None)


async def test_refusal_without_a_reason_is_answered_with_a_new_token(target, tmp_path):
    conn = open_database(tmp_path / "edge.sqlite")
    outbox = Outbox(conn)
    outbox.add(usage.UsageRecord(bill_id="B1"))
    credentials = Credentials(target=target, client_id="c", client_secret="s", insecure=True)

    async with Session(credentials) as session:
        settled = await Uploader(session, outbox).upload()

    assert settled == 1
    assert outbox.counts() == {"pending": 0, "synced": 1, "refused": 0}
    conn.close()
