"""What edges report: that they have drifted, and which records they skip."""

from __future__ import annotations

import uuid

import grpc
import pytest

from edge_grpc.admin import ClientAdmin
from edge_grpc.client.backoff import reason
from edge_grpc.database import opened
from edge_grpc.v1 import sync_pb2 as sync

pytestmark = pytest.mark.integration
REPORTED = "SELECT record_id, version, reason, times FROM edge.refused_records ORDER BY record_id"


async def report(session, shop, edge, *refused):
    request = sync.ReportSyncRequest(
        **shop.tenant, cursor=edge.store.cursor(), refused=refused, client_version="till 1\x00"
    )
    return await session.stub.ReportSync(request, metadata=await session.metadata())


async def test_skipped_records_are_kept_until_they_are_no_longer_reported(
    office, session, shop, edge
):
    await edge.syncer.sync()
    first = sync.RefusedRecord(id="a", version=3, reason="an effect it does not know\x00")
    second = sync.RefusedRecord(id="b", version=4, reason="x" * 1000)

    await report(session, shop, edge, first, second)
    await report(session, shop, edge, first, first)

    assert office.rows(REPORTED) == [("a", 3, "an effect it does not know", 2)]
    await report(session, shop, edge)
    assert office.rows(REPORTED) == []


async def test_more_skipped_records_than_the_contract_allows_are_refused(session, shop, edge):
    await edge.syncer.sync()

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await report(session, shop, edge, *[sync.RefusedRecord(id="a")] * 101)

    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert reason(caught.value) == "INVALID_FIELD"


async def test_rule_of_a_newer_compiler_is_kept_skipped_and_reported(office, shop, edge):
    """Acceptance: an unknown effect from a newer compiler; the old edge skips and reports."""
    known, newer = office.add_promotion(shop), office.add_promotion(shop)
    await edge.syncer.sync()
    # As a compiler of contract version 2 would write it: min_edge_version (field 23) is 2.
    office.run(
        r"UPDATE edge.promotion_records SET body = body || '\xb80102'::bytea, version = version + 1"
        " WHERE promotion_id = %s",
        newer,
    )
    office.run("UPDATE edge.promotions SET name = 'N' WHERE promotion_id = %s", known)

    await edge.syncer.sync()

    assert edge.ids("promotions") == {known, newer}
    found = office.rows("SELECT record_id, reason FROM edge.refused_records")
    assert found == [
        (newer, "NEWER_EDGE_NEEDED: needs contract version 2; update this edge"),
    ]
    office.run("DELETE FROM edge.promotions WHERE promotion_id = %s", newer)
    await edge.syncer.sync()
    assert office.rows("SELECT record_id FROM edge.refused_records") == []


async def test_clients_list_says_how_many_records_a_store_skips(office, session, shop, edge):
    await edge.syncer.sync()
    await report(session, shop, edge, sync.RefusedRecord(id=str(uuid.uuid4()), version=1))

    async with opened(office.admin_dsn, size=1) as database:
        listed = await ClientAdmin(database).list()

    assert [client["skipped_records"] for client in listed] == [1]
