"""Uses of promotions go once they are summed up; their sums stay, whatever arrives later."""

from __future__ import annotations

import random
import time
import uuid
from datetime import timedelta
from typing import Any

import pytest

from tests.integration.retention.conftest import Attic, ago
from vendor_sync.edge_reports.flow import run_usage_rollup

pytestmark = pytest.mark.integration
KEPT = 400


class Till:
    """A company's stores, whose uploads arrive whenever they do."""

    def __init__(self, attic: Attic) -> None:
        self.attic = attic
        self.company, self.promotion = uuid.uuid4(), uuid.uuid4()
        self.stores = [uuid.uuid4(), uuid.uuid4()]

    def use(
        self,
        *,
        day: float,
        arrived: float,
        store: int = 0,
        reverses: uuid.UUID | None = None,
    ) -> uuid.UUID:
        """Upload a use of a day, so many days ago; return its id."""
        usage = uuid.uuid4()
        self.attic.conn.execute(
            "INSERT INTO edge.promotion_usages (store_id, usage_id, company_id, promotion_id,"
            " bill_id, brand_id, discount_amount, currency, used_at, business_on, content_hash,"
            " reverses_usage_id, received_at)"
            " VALUES (%s, %s, %s, %s, 'B', %s, 2.5, 'IDR', %s, %s, '', %s, %s)",
            (
                self.stores[store], usage, self.company, self.promotion, self.company,
                ago(day), ago(day).date(), reverses, ago(arrived),
            ),
        )  # fmt: skip
        return usage

    def roll_up(self, **params: Any) -> dict[str, Any]:
        """Roll up when no transaction is older than the uses.

        One of another test, on the same server, would keep them from counting as seen.
        """
        deadline = time.monotonic() + 120
        while not self.attic.rows(
            "SELECT coalesce(bool_and(recorded_in < pg_snapshot_xmin(pg_current_snapshot())), true)"
            " FROM edge.promotion_usages"
        )[0][0]:
            assert time.monotonic() < deadline, "a transaction stays open on the server"
            time.sleep(0.05)
        return run_usage_rollup(
            self.attic.connections.get, run_id=uuid.uuid4().hex, trigger="test", params=params
        )

    def sums(self) -> dict[Any, tuple[int, int]]:
        rows = self.attic.rows(
            "SELECT store_id, business_on, uses, taken_back FROM edge.promotion_effectiveness"
        )
        return {(store, day): (uses, taken_back) for store, day, uses, taken_back in rows}

    def there(self) -> set[uuid.UUID]:
        return self.attic.keys("edge.promotion_usages", "usage_id")


@pytest.fixture
def till(attic):
    return Till(attic)


def test_uses_that_no_rollup_has_seen_stay(attic, till):
    seen = till.use(day=500, arrived=450)
    till.roll_up()
    unseen = till.use(day=500, arrived=449, store=1)

    attic.retain()
    assert till.there() == {unseen}
    till.roll_up()
    attic.retain()

    assert till.there() == set()
    assert sum(uses for uses, _ in till.sums().values()) == 2
    assert seen


def test_uses_stay_where_the_numbering_of_transactions_has_gone_back(attic, till):
    """After a restore, what the rollup's progress says belongs to another server."""
    kept = till.use(day=500, arrived=450)
    till.roll_up()
    attic.conn.execute("UPDATE edge.rollup_progress SET processed_before = '9000000000'")

    attic.retain()

    assert till.there() == {kept}


def test_sum_of_a_day_stays_whatever_arrives_for_it_once_its_uses_are_gone(attic, till):
    used = till.use(day=500, arrived=499)
    till.use(day=500, arrived=498)
    till.roll_up()
    before = till.sums()
    attic.retain()

    till.use(day=500, arrived=0.1)  # an outbox that was found in a drawer
    till.use(day=1, arrived=0.1, reverses=used)
    till.roll_up()
    till.roll_up(full_refresh=True)

    assert till.sums() == before == {(till.stores[0], ago(500).date()): (2, 0)}


@pytest.mark.parametrize("rounds", [6, pytest.param(200, marks=pytest.mark.soak)])
def test_sums_are_those_of_a_shop_that_never_deleted(attic, till, rounds):
    """What arrives in time is summed up as if nothing had ever been deleted."""
    chance = random.Random(rounds)
    expected: dict[Any, list[int]] = {}
    arrivals = sorted((chance.uniform(0, 900) for _ in range(rounds * 8)), reverse=True)
    made: list[tuple[uuid.UUID, int, float, float]] = []
    for number, arrived in enumerate(arrivals):
        # In time: before the day's first use is old enough to go.
        late = chance.choice((0.0, 1.5, 30.0))
        if made and chance.random() < 0.2:
            used, store, day, first = made.pop(chance.randrange(len(made)))
            if first - arrived < KEPT - 60:
                till.use(day=day, arrived=arrived, store=store, reverses=used)
                expected[till.stores[store], ago(day).date()][1] += 1
            continue
        store, day = chance.randint(0, 1), arrived + late
        used = till.use(day=day, arrived=arrived, store=store)
        made.append((used, store, day, arrived))
        expected.setdefault((till.stores[store], ago(day).date()), [0, 0])[0] += 1
        if number % 16 == 15:
            _let_it_be(attic, till, arrived)
    _let_it_be(attic, till, 0)

    assert till.sums() == {key: tuple(value) for key, value in expected.items()}
    left = attic.rows("SELECT received_at FROM edge.promotion_usages")
    assert all(row[0] > ago(KEPT) for row in left)
    assert left


def _let_it_be(attic: Attic, till: Till, today: float) -> None:
    """Sum up and delete as on the day that was so many days ago."""
    till.roll_up()
    attic.retain(now=ago(today) + timedelta(seconds=1))
