"""Streams that end at once, in good order and without a word: a proxy in between can do that."""

from __future__ import annotations

import time

import grpc
import pytest

from edge_grpc.client.session import Credentials, Session
from edge_grpc.client.store import EdgeStore, open_database
from edge_grpc.client.sync import Syncer
from edge_grpc.v1 import auth_pb2 as auth
from edge_grpc.v1.edge_sync_service_pb2_grpc import (
    EdgeSyncServiceServicer,
    add_EdgeSyncServiceServicer_to_server,
)


class SilentOffice(EdgeSyncServiceServicer):
    """Ends each sync before its first frame."""

    def __init__(self):
        self.asked_at = []

    async def IssueToken(self, _request, _context):  # noqa: N802
        grant = auth.TokenGrant(access_token="token", expires_in_seconds=900)
        return auth.IssueTokenResponse(grant=grant)

    async def Sync(self, _request, _context):  # noqa: N802
        self.asked_at.append(time.monotonic())
        for nothing in ():
            yield nothing


async def test_stream_without_a_frame_is_asked_again_later_and_not_for_ever(tmp_path):
    office, server = SilentOffice(), grpc.aio.server()
    add_EdgeSyncServiceServicer_to_server(office, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    conn = open_database(tmp_path / "edge.sqlite")
    credentials = Credentials(
        target=f"127.0.0.1:{port}", client_id="c", client_secret="s", insecure=True
    )

    async with Session(credentials) as session:
        with pytest.raises(TimeoutError, match="ended 4 times without a frame"):
            await Syncer(session, EdgeStore(conn), patience=3).sync()
    await server.stop(None)
    conn.close()

    assert len(office.asked_at) == 4
