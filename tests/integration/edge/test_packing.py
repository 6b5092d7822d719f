"""Compression: packed once a change, wanted by the company and read by the edge, and counted."""

from __future__ import annotations

import pytest
from prometheus_client import REGISTRY

from edge_grpc.client.store import EdgeStore, open_database, unpacked
from edge_grpc.client.sync import Syncer
from edge_grpc.v1 import sync_frames_pb2 as frames
from edge_grpc.v1 import sync_pb2 as sync

pytestmark = pytest.mark.integration
GZIP = [frames.CODEC_GZIP]


@pytest.fixture
def catalogue(office, shop):
    """1,200 products, more than one chunk holds, some with a price of the store's own."""
    office.run(
        "INSERT INTO edge.products (company_id, brand_id, sku, name, base_price)"
        " SELECT %s, %s, n::text, 'Product ' || n, n FROM generate_series(1, 1200) AS n",
        *(shop.company_id, shop.brand_id),
    )
    office.run(
        "INSERT INTO edge.store_products (store_id, product_id, price)"
        " SELECT %s, product_id, 1 FROM edge.products WHERE company_id = %s AND base_price < 50",
        *(shop.store_id, shop.company_id),
    )


async def batches(session, shop, codecs):
    request = sync.SyncRequest(**shop.tenant, codecs=codecs)
    answer = session.stub.Sync(request, metadata=await session.metadata())
    return [frame.batch async for frame in answer if frame.HasField("batch")]


def products(found):
    """Return each product as an edge keeps it: the later one counts."""
    return {p.id: p for batch in found for p in unpacked(batch).products}


def bytes_sent(form):
    return REGISTRY.get_sample_value("edge_grpc_batch_bytes_total", {"form": form}) or 0


@pytest.mark.usefixtures("catalogue")
async def test_packed_batches_hold_the_same_records_in_two_fifths_of_the_bytes(session, shop):
    plain = await batches(session, shop, [])
    before = [bytes_sent(form) for form in ("raw", "sent")]
    packed = await batches(session, shop, GZIP)

    raw, sent = (bytes_sent(form) - old for form, old in zip(("raw", "sent"), before, strict=True))
    assert products(plain) == products(packed)
    assert all(batch.codec == frames.CODEC_GZIP for batch in packed)
    assert sum(batch.packed_records for batch in packed) == 1200 + 49
    assert sent == pytest.approx(sum(batch.ByteSize() for batch in packed), rel=0.01)
    assert raw == pytest.approx(sum(batch.ByteSize() for batch in plain), rel=0.05)
    assert sent < 0.4 * raw


@pytest.mark.usefixtures("catalogue")
async def test_batches_are_plain_where_the_company_or_the_edge_wants_it(office, session, shop):
    unasked = await batches(session, shop, [])
    office.run("UPDATE edge.promotion_sync_settings SET enable_compression = false")
    unwanted = await batches(session, shop, GZIP)

    assert not any(batch.packed for batch in (*unasked, *unwanted))
    assert len(products(unasked)) == len(products(unwanted)) == 1200


@pytest.mark.usefixtures("catalogue", "no_repairs")
async def test_snapshot_cut_after_each_frame_goes_on_with_its_token(session, shop, tmp_path):
    whole = await batches(session, shop, GZIP)
    for number, batch in enumerate(whole):
        request = sync.SyncRequest(**shop.tenant, cursor=batch.resume_token, codecs=GZIP)
        rest = session.stub.Sync(request, metadata=await session.metadata())
        received = [*whole[: number + 1], *[f.batch async for f in rest if f.HasField("batch")]]
        assert products(received) == products(whole), number

    conn = open_database(tmp_path / "edge.sqlite")
    progress = await Syncer(session, EdgeStore(conn)).sync()
    conn.close()
    assert progress.records == 1200 + 49
