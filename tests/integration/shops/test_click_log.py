"""The click log from a real bucket into a real database: late, twice, broken, killed."""

from __future__ import annotations

import gzip
import json
import threading
import uuid
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from sandbox.vendors.ad_world.click_log import click_log_files, click_log_lines
from sandbox.vendors.ad_world.world import Settings, World
from vendor_sync.ad_analytics.click_log import ClickFiles, load_click_log, load_new_clicks
from vendor_sync.connections import connection_from_environment
from vendor_sync.errors import StorageError
from vendor_sync.postgres import connect

pytestmark = pytest.mark.integration

NOW = datetime(2026, 6, 22, 12, tzinfo=UTC)
DAY = date(2026, 6, 22)


class Log:
    """A click log in a bucket of its own, and what was made of it."""

    def __init__(self, owned_database, database, bucket):
        self.database, self.bucket = database, bucket
        self.rejects = []
        name = uuid.uuid4().hex
        with connect(owned_database, application_name="test") as conn:
            self.workspace = conn.execute(
                "INSERT INTO analytics.workspaces (name, timezone, reporting_currency)"
                " VALUES (%s, 'Asia/Riyadh', 'SAR') RETURNING workspace_id",
                [name],
            ).fetchall()[0][0]
            conn.execute("DELETE FROM analytics.click_files")
            conn.execute("DELETE FROM analytics.click_loads")
            conn.execute(
                "INSERT INTO analytics.connections"
                " (workspace_id, vendor, external_id, name, currency, timezone)"
                " VALUES (%s, 'salla', %s, 'Demo', 'SAR', 'Asia/Riyadh')",
                [self.workspace, name],
            )
        self.store = name

    def click(self, number, **fields):
        return {
            "type": "click", "click_id": f"c{number}", "workspace_id": self.workspace,
            "visitor_id": "v1", "occurred_at": "2026-06-22T10:00:00Z", **fields,
        }  # fmt: skip

    def order(self, **fields):
        return {
            "type": "order", "workspace_id": self.workspace, "store": self.store,
            "order_id": "1001", "visitor_id": "v1", "occurred_at": "2026-06-22T10:05:00Z", **fields,
        }  # fmt: skip

    def put(self, key, *lines, packed=False):
        body = b"\n".join(
            line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines
        )
        body = gzip.compress(body) if packed else body
        self.bucket.client.put_object(Bucket=self.bucket.name, Key=f"clicks/{key}", Body=body)

    def load(self, since=DAY, now=NOW, **how):
        files = ClickFiles(self.bucket.client, bucket=self.bucket.name, prefix="clicks")
        with connect(self.database, application_name="test") as conn:
            return load_click_log(
                conn, files, since=since, now=now, keep_rejects=self.rejects.extend, **how
            )

    def rows(self, table, columns):
        with connect(self.database, application_name="test") as conn:
            query = f"SELECT {columns} FROM analytics.{table} WHERE workspace_id = %s ORDER BY 1"
            return conn.execute(query, [self.workspace]).fetchall()  # pyright: ignore[reportArgumentType]

    def files(self):
        """Every file that was read: its key, lines, new clicks and refused lines."""
        query = (
            "SELECT object_key, lines_read, clicks, rejected FROM analytics.click_files"
            " ORDER BY object_key"
        )
        with connect(self.database, application_name="test") as conn:
            return conn.execute(query).fetchall()

    def click_ids(self):
        return [row[0] for row in self.rows("click_events", "click_id")]


@pytest.fixture
def log(owned_database, database, bucket):
    return Log(owned_database, database, bucket)


def test_files_are_loaded_once_plain_or_packed(log):
    log.put("2026/06/22/10.jsonl", log.click(1, landing_url="https://x.example/?utm_source=fb"))
    log.put("2026/06/22/11.jsonl.gz", log.click(2), log.order(), packed=True)

    first, again = log.load(), log.load()

    assert (first.files, first.lines, first.clicks, first.links) == (2, 3, 2, 1)
    assert (again.files, again.lines) == (0, 0)
    assert log.rows("click_events", "click_id, visitor_id, source_platform") == [
        ("c1", "v1", "meta"), ("c2", "v1", None),
    ]  # fmt: skip
    assert log.rows("order_visitors", "external_id, visitor_id") == [("1001", "v1")]
    assert log.rejects == []


def test_a_file_that_was_delivered_again_under_another_name_adds_nothing(log):
    log.put("2026/06/22/10-a.jsonl", log.click(1), log.click(1), log.order())
    log.put("2026/06/22/10-b.jsonl", log.click(1), log.order())

    loaded = log.load()

    assert (loaded.files, loaded.clicks) == (2, 1)
    assert log.click_ids() == ["c1"]


def test_a_file_that_grew_is_read_again(log):
    log.put("2026/06/22/10.jsonl", log.click(1))
    log.load()
    log.put("2026/06/22/10.jsonl", log.click(1), log.click(2))

    again = log.load()

    assert (again.files, again.clicks) == (1, 1)
    assert log.click_ids() == ["c1", "c2"]


def test_a_late_file_of_two_days_ago_is_found_and_an_older_one_is_left(log):
    log.put("2026/06/20/09.jsonl", log.click(1, occurred_at="2026-06-20T09:00:00Z"))
    log.put("2026/06/19/09.jsonl", log.click(2, occurred_at="2026-06-19T09:00:00Z"))

    log.load()

    assert log.click_ids() == ["c1"]


def test_the_first_load_goes_back_and_later_ones_go_on(log):
    log.put("2026/04/01/09.jsonl", log.click(1, occurred_at="2026-04-01T09:00:00Z"))
    audit = connection_from_environment("audit_s3")
    assert audit is not None
    bucket = replace(audit, extra={**audit.extra, "bucket": log.bucket.name, "prefix": "/clicks/"})

    def load():
        with connect(log.database, application_name="test") as conn:
            return load_new_clicks(conn, bucket, now=NOW, keep_rejects=log.rejects.extend)

    first = load()
    log.put("2026/04/01/10.jsonl", log.click(2, occurred_at="2026-04-01T10:00:00Z"))
    log.put("2026/06/22/10.jsonl", log.click(3))
    second = load()

    assert (first.clicks, second.clicks) == (1, 1)
    assert log.click_ids() == ["c1", "c3"]


def test_a_load_that_broke_off_is_taken_up_where_it_was(log):
    audit = connection_from_environment("audit_s3")
    assert audit is not None
    bucket = replace(audit, extra={**audit.extra, "bucket": log.bucket.name, "prefix": "/clicks/"})
    log.put("2026/04/01/09.jsonl", log.click(1, occurred_at="2026-04-01T09:00:00Z"))
    broken = "clicks/2026/04/05/09.jsonl.gz"
    log.bucket.client.put_object(Bucket=log.bucket.name, Key=broken, Body=b"not gzip")

    def load():
        with connect(log.database, application_name="test") as conn:
            return load_new_clicks(conn, bucket, now=NOW, keep_rejects=log.rejects.extend)

    with pytest.raises(StorageError):
        load()
    log.bucket.client.delete_object(Bucket=log.bucket.name, Key=broken)
    log.put("2026/04/05/09.jsonl", log.click(2, occurred_at="2026-04-05T09:00:00Z"))
    load()

    assert log.click_ids() == ["c1", "c2"]


def test_the_worlds_visits_are_loaded_as_they_were(log):
    world = World(4, Settings(workspaces=1, orders=2, now="2026-02-01T10:00:00+00:00"))
    store = world.stores_of("salla")[0]
    lines = click_log_lines(
        world, store, workspace_id=log.workspace, external_id=log.store,
        first=world.start, last=world.now.date(),
    )  # fmt: skip
    for name, part in click_log_files(lines, "demo").items():
        log.put(name, *part)

    loaded = log.load(since=world.start, now=world.now)

    visits = list(world.visits(store, world.start, world.now.date()))
    orders = list(world.orders(store, world.start, world.now.date()))
    assert log.rejects == []
    assert loaded.clicks == len(visits) > 50
    assert log.click_ids() == sorted(visit.touch_id for visit in visits)
    assert [row[0] for row in log.rows("order_visitors", "external_id")] == sorted(
        order.order_id for order in orders if order.touches
    )
    redirected = {
        v.touch_id: v.campaign.campaign_id
        for v in visits
        if v.campaign and v.evidence == "redirect"
    }
    assert dict(log.rows("click_events", "click_id, campaign_ref")) == {
        visit.touch_id: redirected.get(visit.touch_id) for visit in visits
    }


def test_bad_lines_are_kept_as_rejects_with_their_place_and_the_rest_goes_on(log):
    log.put(
        "2026/06/22/10.jsonl",
        log.click(1),
        b'{"type": "click", "email": "noor@mail.example"',
        b"",
        b"\xff\xfe not text",
        log.click(2, workspace_id=log.workspace + 1_000_000),
        b"x" * 200_000,
        log.click(3),
        log.order(store="another.example"),
    )

    loaded = log.load()

    assert log.click_ids() == ["c1", "c3"]
    assert (loaded.lines, loaded.clicks, loaded.links, loaded.rejected) == (8, 2, 0, 5)
    places = [each.external_id.rsplit(":", 1)[-1] for each in log.rejects[:4]]
    assert places == ["2", "4", "5", "6"]
    assert "noor@mail.example" not in str(log.rejects)
    assert log.rejects[3].reason == "is longer than 65536 bytes"
    assert (log.rejects[4].kind, log.rejects[4].external_id) == ("unmatched", "1001")
    assert {each.audit_key for each in log.rejects} == {"clicks/2026/06/22/10.jsonl"}


class KilledError(Exception):
    """Stands for the end of the process in the middle of a file."""


@pytest.mark.parametrize("batches", [0, 1, 2])
def test_a_load_that_is_killed_is_taken_up_without_a_line_lost_or_doubled(log, batches):
    lines = [log.click(number) for number in range(9)]
    lines.insert(3 * batches + 1, b"not a line")
    log.put("2026/06/22/10.jsonl", *lines)

    def die(_rejects):
        raise KilledError

    files = ClickFiles(log.bucket.client, bucket=log.bucket.name, prefix="clicks")
    with connect(log.database, application_name="test") as conn, pytest.raises(KilledError):
        load_click_log(conn, files, since=DAY, now=NOW, keep_rejects=die, batch_size=3)
    after_kill = len(log.click_ids())
    again = log.load(batch_size=3)

    assert 0 < after_kill < 9
    assert again.files == 1
    assert log.click_ids() == [f"c{number}" for number in range(9)]


def test_many_small_files_take_as_many_statements_as_a_few(log):
    def load(day, files):
        for number in range(files):
            log.put(
                f"2026/06/{day}/{number:03d}.jsonl", log.click(f"{day}-{number}"), b"not a line"
            )
        with connect(log.database, application_name="test") as conn:
            before = conn.queries
            loaded = load_click_log(
                conn, ClickFiles(log.bucket.client, bucket=log.bucket.name, prefix="clicks"),
                since=DAY, now=NOW, keep_rejects=log.rejects.extend,
            )  # fmt: skip
            return loaded, conn.queries - before

    few, statements = load(21, 2)
    many, as_many = load(22, 60)

    assert (few.files, few.clicks, few.rejected) == (2, 2, 2)
    assert (many.files, many.lines, many.clicks, many.rejected) == (60, 120, 60, 60)
    assert as_many == statements
    assert [counts for _, *counts in log.files()] == [[2, 1, 1]] * 62


def test_a_file_that_cannot_be_read_does_not_keep_back_those_before_it(log):
    log.put("2026/06/22/10.jsonl", log.click(1))
    broken = gzip.compress(json.dumps(log.click(2)).encode())[:-12]
    key = "clicks/2026/06/22/11.jsonl.gz"
    log.bucket.client.put_object(Bucket=log.bucket.name, Key=key, Body=broken)

    with pytest.raises(StorageError, match="broke off"):
        log.load()

    assert [key for key, *_ in log.files()] == ["clicks/2026/06/22/10.jsonl"]


def test_two_loads_at_once_make_one(log):
    for hour in range(6):
        log.put(f"2026/06/22/{hour:02d}.jsonl", *[log.click(n) for n in range(40)], log.order())

    threads = [threading.Thread(target=log.load, kwargs={"batch_size": 7}) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(log.click_ids()) == 40
    assert len(log.rows("order_visitors", "external_id")) == 1


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda packed: packed[: len(packed) // 2], id="cut off"),
        pytest.param(lambda packed: packed[:10] + b"\xff" + packed[11:], id="no such block"),
    ],
)
def test_a_packed_file_that_is_damaged_is_an_error_and_not_noted_as_read(log, spoil):
    packed = gzip.compress(b"\n".join(json.dumps(log.click(n)).encode() for n in range(500)))
    key = "clicks/2026/06/22/10.jsonl.gz"
    log.bucket.client.put_object(Bucket=log.bucket.name, Key=key, Body=spoil(packed))
    with pytest.raises(StorageError, match="broke off"):
        log.load()

    log.bucket.client.put_object(Bucket=log.bucket.name, Key=key, Body=packed)
    log.load()

    assert len(log.click_ids()) == 500


def test_a_bucket_that_is_not_there_is_told(log):
    files = ClickFiles(log.bucket.client, bucket="nowhere-at-all", prefix="clicks")

    with (
        connect(log.database, application_name="test") as conn,
        pytest.raises(StorageError, match="nowhere-at-all"),
    ):
        load_click_log(conn, files, since=DAY, now=NOW, keep_rejects=log.rejects.extend)
