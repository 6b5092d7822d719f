"""Each use counts once: repeats, conflicts, reversals, refusals, kills and several senders."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from edge_grpc.client.outbox import Outbox
from edge_grpc.client.session import Credentials, Session
from edge_grpc.client.store import open_database
from edge_grpc.client.uploads import Uploader
from edge_grpc.v1 import types_pb2 as types
from edge_grpc.v1 import usage_pb2 as usage

VERDICT = usage.UsageVerdict.Name
REASON = usage.UsageRejectReason.Name


@pytest.fixture
def make(office, shop):
    """Make records of one promotion."""
    promotion = office.add_promotion(shop)

    def record(**fields):
        made = usage.UsageRecord(
            **{
                "usage_id": str(uuid.uuid4()),
                "promotion_id": promotion,
                "bill_id": "B001",
                "store_id": shop.store_id,
                "brand_id": shop.brand_id,
                "discount_amount": types.Money(currency_code="IDR", units=5000),
                **fields,
            }
        )
        if "used_at" not in fields:
            made.used_at.GetCurrentTime()
        return made

    return record


@pytest.fixture
def send(session, shop):
    async def upload(*records):
        request = usage.UploadUsageBatchRequest(**shop.tenant, records=records)
        metadata = await session.metadata()
        answer = await session.stub.UploadUsageBatch(request, metadata=metadata)
        return [
            REASON(one.reason).removeprefix("USAGE_REJECT_REASON_")
            if one.reason
            else VERDICT(one.verdict).removeprefix("USAGE_VERDICT_")
            for one in answer.results
        ]

    return upload


async def test_same_id_with_other_content_is_a_conflict_and_changes_nothing(office, make, send):
    first = make()
    other = usage.UsageRecord()
    other.CopyFrom(first)
    other.discount_amount.units = 1

    assert await send(first) == ["ACCEPTED"]
    assert await send(other, first) == ["CONFLICT", "DUPLICATE"]
    assert office.value("SELECT discount_amount FROM edge.promotion_usages") == 5000
    assert office.value("SELECT kind FROM edge.usage_rejects") == "conflict"


async def test_each_bad_record_is_refused_alone_with_its_reason(office, make, send):
    stranger = await office.add_shop()
    money = types.Money
    ahead = make()
    ahead.used_at.FromDatetime(datetime.now(UTC) + timedelta(hours=25))
    bad = {
        "INVALID_USAGE_ID": make(usage_id="7"),
        "UNKNOWN_PROMOTION": make(promotion_id=office.add_promotion(stranger)),
        "FOREIGN_STORE": make(store_id=stranger.store_id),
        "UNKNOWN_BRAND": make(brand_id=stranger.brand_id),
        "INVALID_AMOUNT": make(discount_amount=money(currency_code="IDR", units=-1)),
        "INVALID_CURRENCY": make(discount_amount=money(currency_code="USD", units=1)),
        "INVALID_BILL_ID": make(bill_id=""),
        "INVALID_TIME": ahead,
        "INVALID_FIELD": make(customer_id="x" * 101),
    }
    more = [
        make(discount_amount=money(currency_code="IDR", nanos=1)),
        make(discount_amount=money(currency_code="IDR", units=10**15)),
        make(discount_amount=money(currency_code="IDR", nanos=-100_000)),
    ]

    found = await send(make(), *bad.values(), make(), *more)

    assert found == ["ACCEPTED", *bad, "ACCEPTED", *["INVALID_AMOUNT"] * 3]
    assert office.value("SELECT count(*) FROM edge.promotion_usages") == 2
    assert office.value("SELECT count(*) FROM edge.usage_rejects") == len(bad) + 3


async def test_refusals_are_kept_once_however_often_they_come(office, make, send):
    bad = make(bill_id="")

    for _ in range(3):
        await send(bad, bad)

    assert office.rows("SELECT times, reason FROM edge.usage_rejects") == [(3, "INVALID_BILL_ID")]


async def test_reversal_is_a_record_of_its_own_that_waits_for_its_original(office, make, send):
    original = make()
    reversal = make(reverses_usage_id=original.usage_id)
    second = make(reverses_usage_id=original.usage_id)

    assert await send(reversal) == ["UNKNOWN_ORIGINAL"]
    assert await send(reversal, original) == ["ACCEPTED", "ACCEPTED"]
    assert await send(reversal) == ["DUPLICATE"]
    assert await send(second) == ["INVALID_FIELD"]
    assert await send(make(reverses_usage_id=reversal.usage_id)) == ["INVALID_FIELD"]
    assert office.value("SELECT count(*) FROM edge.promotion_usages") == 2


async def test_use_of_a_promotion_that_was_deleted_since_still_counts(office, make, send, session):
    record = make()
    from edge_grpc.v1 import sync_pb2 as sync  # noqa: PLC0415

    grant = await session.grant()
    ids = {"company_id": grant.company_id, "store_id": grant.store_id}
    request = sync.SyncPromotionsRequest(**ids)
    await session.stub.SyncPromotions(request, metadata=await session.metadata()).read()
    office.run("DELETE FROM edge.promotions")

    assert await send(record) == ["ACCEPTED"]


async def test_several_senders_of_the_same_records_in_any_order_count_each_once(office, make, send):
    records = [make() for _ in range(400)]
    chance = random.Random(3)

    async def sender():
        for _ in range(3):
            mine = records.copy()
            chance.shuffle(mine)
            for start in range(0, len(mine), 100):
                verdicts = await send(*mine[start : start + 100])
                assert set(verdicts) <= {"ACCEPTED", "DUPLICATE"}

    await asyncio.gather(*(sender() for _ in range(4)))

    assert office.value("SELECT count(*) FROM edge.promotion_usages") == 400


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def start(module, *arguments, **environment):
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


async def test_killed_server_and_client_still_count_each_use_once(office, make, shop, tmp_path):
    port = free_port()
    path = tmp_path / "edge.sqlite"
    conn = open_database(path)
    outbox = Outbox(conn)
    made = {outbox.add(make()) for _ in range(3000)}
    serve = {
        "EDGE_GRPC_DSN": office.dsn,
        "EDGE_GRPC_KEYS_FILE": str(office.keys_file),
        "EDGE_GRPC_LISTEN": f"127.0.0.1:{port}",
        "EDGE_GRPC_INSECURE": "1",
    }
    run = {
        "EDGE_CLIENT_TARGET": f"127.0.0.1:{port}",
        "EDGE_CLIENT_CLIENT_ID": shop.client_id,
        "EDGE_CLIENT_CLIENT_SECRET": shop.client_secret,
        "EDGE_CLIENT_INSECURE": "1",
        "EDGE_CLIENT_DATABASE": str(path),
    }
    chance = random.Random(5)
    server, client = start("edge_grpc", "serve", **serve), None
    kills = 0
    try:
        while outbox.counts()["pending"] and kills < 6:
            client = start("edge_grpc.client", "usage", "upload", **run)
            await _until_some_are_settled(outbox, chance.randint(0, 2))
            victim = chance.choice(["server", "client"])
            (server if victim == "server" else client).send_signal(signal.SIGKILL)
            kills += 1
            if victim == "server":
                server.wait()
                server = start("edge_grpc", "serve", **serve)
            client.kill()
            client.wait()
        known = Credentials(
            target=f"127.0.0.1:{port}",
            client_id=shop.client_id,
            client_secret=shop.client_secret,
            insecure=True,
        )
        async with Session(known) as session:
            await Uploader(session, outbox, patience=50).upload()
    finally:
        for process in (server, client):
            if process is not None:
                process.kill()
                process.wait()
    stored = {str(row[0]) for row in office.rows("SELECT usage_id FROM edge.promotion_usages")}
    assert kills >= 1
    assert stored == made
    assert outbox.counts() == {"pending": 0, "synced": 3000, "refused": 0}
    conn.close()


async def _until_some_are_settled(outbox, batches):
    """Wait until a number of batches was answered, so that the kill comes amid the upload."""
    before = outbox.counts()["pending"]
    async with asyncio.timeout(30):
        while outbox.counts()["pending"] > max(0, before - batches * 500 - 1):  # noqa: ASYNC110
            await asyncio.sleep(0.002)  # another process writes the file
