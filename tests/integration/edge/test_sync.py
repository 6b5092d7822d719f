"""What a store is sent, call by call and case by case."""

from __future__ import annotations

import uuid

import grpc
import pytest

from edge_grpc.client.backoff import reason
from edge_grpc.v1 import sync_frames_pb2 as frames
from edge_grpc.v1 import sync_pb2 as sync
from tests.integration.edge.answers import days, read, records, removals

pytestmark = pytest.mark.integration


async def refused(session, name, **fields):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await read(session, name, **fields)
    return caught.value.code().name, reason(caught.value)


async def promotions(session, shop, **fields):
    answer = await read(session, "SyncPromotions", **shop.tenant, **fields)
    return set(records(answer, "promotions")), answer


async def test_sync_promotions_success(office, session, shop):
    promotion = office.add_promotion(shop, discount_percent="12.5")

    found, answer = await promotions(session, shop)

    assert found == {promotion}
    assert answer[0].hello.mode == frames.SYNC_MODE_SNAPSHOT
    assert answer[0].hello.reason == frames.SNAPSHOT_REASON_FIRST_SYNC
    assert records(answer, "promotions")[promotion].percent_discount.basis_points == 1250
    assert answer[-1].checkpoint.holdings[0].count == 1


async def test_sync_promotions_missing_store_id(session, shop):
    error = await refused(session, "SyncPromotions", company_id=shop.company_id)

    assert error == ("INVALID_ARGUMENT", "MISSING_STORE_ID")


async def test_sync_promotions_missing_company_id(session, shop):
    error = await refused(session, "SyncPromotions", store_id=shop.store_id)

    assert error == ("INVALID_ARGUMENT", "MISSING_COMPANY_ID")


async def test_sync_promotions_invalid_store(office, session, shop):
    ids = {"company_id": shop.company_id, "store_id": str(uuid.uuid4())}
    assert await refused(session, "SyncPromotions", **ids) == (
        "PERMISSION_DENIED",
        "TENANT_MISMATCH",
    )

    office.run("UPDATE edge.stores SET is_active = false WHERE store_id = %s", shop.store_id)

    assert await refused(session, "SyncPromotions", **shop.tenant) == (
        "NOT_FOUND",
        "STORE_NOT_FOUND",
    )


WINDOWS = {"over": (-9, -5), "just over": (-9, -1), "now": (-1, 1), "soon": (3, 9), "far": (30, 40)}


async def _sent_under(strategy, office, session, shop):
    """Return which of the promotions, by their windows, a strategy sends."""
    made = {office.add_promotion(shop, **days(*window)): name for name, window in WINDOWS.items()}
    query = "UPDATE edge.promotion_sync_settings SET sync_strategy = %s, past_days = 2"
    office.run(query, strategy)
    found, _ = await promotions(session, shop)
    return {made[promotion] for promotion in found}


async def test_sync_promotions_strategy_current_only(office, session, shop):
    assert await _sent_under("current_only", office, session, shop) == {"now"}


async def test_sync_promotions_strategy_include_future(office, session, shop):
    expected = {"just over", "now", "soon"}
    assert await _sent_under("include_future", office, session, shop) == expected


async def test_sync_promotions_strategy_all_active(office, session, shop):
    assert await _sent_under("all_active", office, session, shop) == set(WINDOWS)


async def test_sync_promotions_include_inactive(office, session, shop):
    active = office.add_promotion(shop)
    inactive = office.add_promotion(shop, is_active=False)

    assert (await promotions(session, shop))[0] == {active}
    office.run("UPDATE edge.promotion_sync_settings SET include_inactive = true")
    assert (await promotions(session, shop))[0] == {active, inactive}
    only = {"activity": frames.ACTIVITY_ACTIVE_ONLY}
    assert (await promotions(session, shop, filter=only))[0] == {active}


async def test_sync_promotions_incremental_sync(office, session, shop):
    kept, changed, gone = (office.add_promotion(shop) for _ in range(3))
    _, answer = await promotions(session, shop)
    cursor = answer[-1].checkpoint.cursor

    office.run("UPDATE edge.promotions SET name = 'New' WHERE promotion_id = %s", changed)
    office.run("DELETE FROM edge.promotions WHERE promotion_id = %s", gone)
    found, answer = await promotions(session, shop, cursor=cursor)

    assert found == {changed}
    assert removals(answer) == {gone: "DELETED"}
    assert answer[0].hello.mode == frames.SYNC_MODE_CHANGES
    assert kept not in found
    again, answer = await promotions(session, shop, cursor=answer[-1].checkpoint.cursor)
    assert (again, removals(answer)) == (set(), {})


async def test_sync_promotions_max_limit(office, session, shop):
    """Trap T14: a page is no limit."""
    made = {office.add_promotion(shop, execution_priority=i) for i in range(1, 26)}
    office.run("UPDATE edge.promotion_sync_settings SET max_promotions_per_sync = 10")
    pages, cursor = [], ""

    while True:
        _, answer = await promotions(session, shop, cursor=cursor)
        pages.append([r.execution_priority for f in answer for r in f.batch.promotions])
        cursor = answer[-1].checkpoint.cursor
        if not answer[-1].checkpoint.has_more:
            break

    assert [len(page) for page in pages] == [10, 10, 5]
    assert sum(pages, []) == list(range(1, 26))  # noqa: RUF017 - three lists
    assert answer[-1].checkpoint.holdings[0].count == len(made)


async def test_sync_promotions_authentication_required(session, shop):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await session.stub.SyncPromotions(sync.SyncPromotionsRequest(**shop.tenant)).read()

    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_sync_categories_success(office, session, shop):
    made = {office.add_category(shop) for _ in range(100)}

    answer = await read(session, "SyncCategories", company_id=shop.company_id)

    assert set(records(answer, "categories")) == made


async def test_sync_categories_missing_company_id(session):
    error = await refused(session, "SyncCategories")

    assert error == ("INVALID_ARGUMENT", "MISSING_COMPANY_ID")


async def test_sync_categories_filter_by_brand(office, session, shop):
    sibling = await office.add_shop(shop.company_id)
    office.run("INSERT INTO edge.store_brands VALUES (%s, %s)", shop.store_id, sibling.brand_id)
    own = office.add_category(shop, brand_id=shop.brand_id)
    everybody = office.add_category(shop)
    other = office.add_category(shop, brand_id=sibling.brand_id)

    filtered = await read(session, "SyncCategories", **shop.tenant, brand_id=shop.brand_id)
    whole = await read(session, "SyncCategories", **shop.tenant)

    assert set(records(filtered, "categories")) == {own, everybody}
    assert set(records(whole, "categories")) == {own, everybody, other}


async def test_sync_products_success(office, session, shop):
    product = office.add_product(shop, base_price="10.25")
    office.run(
        "INSERT INTO edge.store_products (store_id, product_id, price, is_available)"
        " VALUES (%s, %s, 9.75, false)",
        shop.store_id,
        product,
    )

    answer = await read(session, "SyncProducts", **shop.tenant, brand_id=shop.brand_id)

    found = records(answer, "products")[product]
    assert (found.base_price.units, found.base_price.nanos) == (10, 250_000_000)
    assert (found.store_price.units, found.store_price.nanos) == (9, 750_000_000)
    assert not found.is_available


async def test_sync_products_missing_company_id(session, shop):
    error = await refused(session, "SyncProducts", store_id=shop.store_id, brand_id=shop.brand_id)

    assert error == ("INVALID_ARGUMENT", "MISSING_COMPANY_ID")


async def test_sync_products_missing_brand_id(session, shop):
    error = await refused(session, "SyncProducts", **shop.tenant)

    assert error == ("INVALID_ARGUMENT", "MISSING_BRAND_ID")


async def test_cursor_of_another_call_store_or_making_is_refused(session, shop):
    answer = await read(session, "SyncCategories", **shop.tenant)
    cursor = answer[-1].checkpoint.cursor

    for bad in (cursor, "made up", cursor[:-2], "é"):
        error = await refused(session, "SyncPromotions", **shop.tenant, cursor=bad)
        assert error == ("INVALID_ARGUMENT", "INVALID_CURSOR")


async def test_cursor_below_the_floor_is_too_old(office, session, shop):
    answer = await read(session, "Sync", **shop.tenant)
    office.add_product(shop)
    office.run("UPDATE edge.versions SET floor_version = version")

    error = await refused(session, "Sync", **shop.tenant, cursor=answer[-1].checkpoint.cursor)

    assert error == ("FAILED_PRECONDITION", "CURSOR_TOO_OLD")


@pytest.mark.parametrize("text", ["yesterday", "2026-01-01", "2026-01-01T00:00:00", "1"])
async def test_updated_since_without_an_offset_is_refused(session, shop, text):
    error = await refused(session, "Sync", **shop.tenant, updated_since=text)

    assert error == ("INVALID_ARGUMENT", "INVALID_DATE_FORMAT")


async def test_mask_sends_only_the_fields_that_are_wanted(office, session, shop):
    """Traps T13 and T21: another filter or a wider mask leads to a snapshot."""
    product = office.add_product(shop, name="Tea")
    mask = {"product_mask": {"paths": ["name"]}}

    answer = await read(session, "Sync", **shop.tenant, filter=mask)

    found = records(answer, "products")[product]
    assert {field.name for field, _ in found.ListFields()} == {"id", "name", "version"}
    changed = await read(session, "Sync", **shop.tenant, cursor=answer[-1].checkpoint.cursor)
    assert changed[0].hello.reason == frames.SNAPSHOT_REASON_SCOPE_CHANGED
    error = await refused(session, "Sync", **shop.tenant, filter={"product_mask": {"paths": ["x"]}})
    assert error == ("INVALID_ARGUMENT", "INVALID_FIELD")


async def test_new_epoch_leads_to_a_snapshot(office, session, shop):
    answer = await read(session, "Sync", **shop.tenant)
    office.run("UPDATE edge.versions SET epoch = gen_random_uuid()")

    again = await read(session, "Sync", **shop.tenant, cursor=answer[-1].checkpoint.cursor)

    assert again[0].hello.reason == frames.SNAPSHOT_REASON_EPOCH_CHANGED
