"""Sync Center's edge settings: what its preview says is what stores are then sent."""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_grpc.admin import SettingsAdmin
from edge_grpc.client.session import Session
from edge_grpc.database import opened
from tests.integration.edge.answers import days, records
from tests.integration.edge.answers import read as frames
from tests.integration.edge.conftest import credentials
from tests.integration.midnights import pass_near_midnight
from vendor_sync.sync_center import edge_settings
from vendor_sync.sync_center.edge_settings import SettingsChangedError
from vendor_sync.sync_center.forms import FormError

pytestmark = pytest.mark.integration
AWAY = "America/New_York"
DRAWN = st.fixed_dictionaries(
    {
        "sync_strategy": st.sampled_from(["current_only", "include_future", "all_active"]),
        "future_days": st.integers(0, 90),
        "past_days": st.integers(0, 30),
        "include_inactive": st.booleans(),
        "auto_sync_enabled": st.booleans(),
        "sync_interval_hours": st.integers(1, 24),
        "max_promotions_per_sync": st.integers(10, 500),
        "enable_compression": st.booleans(),
    }
)


@pytest.fixture
def page(page_database):
    """The page's own functions, for one person."""

    class Page:
        def held(self, company):
            found = edge_settings.held(self.source, company)
            assert found
            return found

        def source(self, conn_id):
            return page_database if conn_id == "warehouse_postgres" else None

        def preview(self, company, wanted, store=""):
            held = self.held(company)
            return edge_settings.preview(self.source, held, wanted, store, "")

        def save(self, company, wanted, seen=None, who="amina"):
            held = self.held(company)
            seen = held.company["last_change"] if seen is None else seen
            edge_settings.save(self.source, company, held.settings | wanted, seen, who)

    return Page()


@pytest.fixture
async def fleet(office):
    """Three stores of a company in two brands and two zones, with promotions of every reach."""
    chance = random.Random(8)
    first = await office.add_shop()
    second = await office.add_shop(first.company_id)
    third = await office.add_shop(first.company_id, first.brand_id)
    shops = [first, second, third]
    office.run("UPDATE edge.stores SET timezone = %s WHERE store_id = %s", AWAY, third.store_id)
    for number in range(60):
        start = chance.randint(-60, 100)
        reach = {"all_stores": number % 3 > 0, "all_brands": number % 4 > 0}
        promotion = office.add_promotion(
            first,
            code=f"P{number}",
            is_active=number % 5 > 0,
            **days(start, start + chance.choice((0, 1, 7, 60))),
            **reach,
        )
        for kind in [kind for kind in ("store", "brand") if not reach[f"all_{kind}s"]]:
            office.run(
                f"INSERT INTO edge.promotion_targets (promotion_id, target_role, {kind}_id)"
                " VALUES (%s, %s, %s)",
                promotion,
                "include",
                getattr(chance.choice(shops), f"{kind}_id"),
            )
        if number % 7 == 0:
            office.run(
                "INSERT INTO edge.promotion_targets (promotion_id, target_role, store_id)"
                " VALUES (%s, 'exclude', %s)",
                promotion,
                chance.choice(shops).store_id,
            )
    return shops


@pytest.fixture
async def sent(server, fleet):
    """Sync as a new edge of each store would; return by store what came, and in how many calls."""
    async with AsyncExitStack() as stack:
        sessions = {
            shop.store_id: await stack.enter_async_context(Session(credentials(server, shop)))
            for shop in fleet
        }

        async def ask():
            found = {}
            for shop in fleet:
                held, calls, cursor, more = set(), 0, "", True
                while more:
                    answer = await frames(
                        sessions[shop.store_id], "SyncPromotions", **shop.tenant, cursor=cursor
                    )
                    held |= set(records(answer, "promotions"))
                    last = answer[-1].checkpoint
                    cursor, more, calls = last.cursor, last.has_more, calls + 1
                found[shop.store_id] = held, calls
            return found

        yield ask


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(wanted=DRAWN)
async def test_preview_is_what_the_command_says_and_what_stores_are_then_sent(
    office, fleet, page, sent, wanted
):
    for zone in ("Asia/Jakarta", AWAY):
        pass_near_midnight(zone)
    company = fleet[0].company_id
    before = {store: held for store, (held, _) in (await sent()).items()}
    async with opened(office.admin_dsn, size=1) as db:
        texts = {name: str(value).lower() for name, value in wanted.items()}
        told = await SettingsAdmin(db).preview(company, texts)
    shown = page.preview(company, wanted, fleet[1].store_id)

    page.save(company, wanted)
    synced = await sent()

    after = {store: held for store, (held, _) in synced.items()}
    by_store = {one.row["store_id"]: one for one in shown.stores}
    assert {
        store: (one.row["promotions_then"], max(1, one.pages_then))
        for store, one in by_store.items()
    } == {store: (len(held), calls) for store, (held, calls) in synced.items()}
    assert {one["store"]: (one["promotions"], one["pages"]) for one in told} == {
        one.row["code"]: (one.row["promotions_then"], one.pages_then) for one in shown.stores
    }
    for store, one in by_store.items():
        assert one.row["promotions"] == len(before[store])
        assert one.row["come"] == len(after[store] - before[store])
        assert one.row["go"] == len(before[store] - after[store])
    codes = dict(office.rows("SELECT promotion_id::text, code FROM edge.promotions"))
    chosen = fleet[1].store_id
    assert shown.store
    assert shown.store["store_id"] == chosen
    for moved, truth in (
        (shown.come, after[chosen] - before[chosen]),
        (shown.go, before[chosen] - after[chosen]),
    ):
        names = {row["code"] for row in moved}
        assert names <= {codes[key] for key in truth}
        assert len(moved) == min(edge_settings.SHOWN_NAMES, len(truth))


async def test_change_by_somebody_else_is_not_overwritten(office, shop, page):
    company = shop.company_id
    seen = page.held(company).company["last_change"]
    page.save(company, {"future_days": 14}, who="amina")

    with pytest.raises(SettingsChangedError):
        page.save(company, {"future_days": 3}, seen, who="omar")

    assert page.held(company).settings["future_days"] == 14
    page.save(company, {"future_days": 3}, who="omar")
    office.run("UPDATE edge.promotion_sync_settings SET past_days = 4")
    office.run("UPDATE edge.promotion_sync_settings SET past_days = 4")
    async with opened(office.admin_dsn, size=1) as db:
        await SettingsAdmin(db).set(company, {"include_inactive": "true"})
    changes = [(c.row["changed_by"], c.what) for c in page.held(company).changes]
    assert changes[1:] == [
        (changes[1][0], [("Days back", "1", "4")]),
        ("omar in Sync Center", [("Days ahead", "14", "3")]),
        ("amina in Sync Center", [("Days ahead", "7", "14")]),
    ]
    assert changes[1][0].startswith("postgres")
    who, what = changes[0]
    assert who.endswith(" by command")
    assert what == [("Also promotions that are switched off", "off", "on")]


async def test_two_who_save_at_the_same_time_never_both_win(shop, page):
    company = shop.company_id
    seen = page.held(company).company["last_change"]

    def save(days):
        try:
            page.save(company, {"future_days": days}, seen, who=str(days))
        except SettingsChangedError:
            return 0
        return days

    won = await asyncio.gather(*(asyncio.to_thread(save, days) for days in range(20, 26)))

    [winner] = [days for days in won if days]
    assert page.held(company).settings["future_days"] == winner
    assert len(page.held(company).changes) == 1


async def test_ranges_of_the_form_are_those_of_the_table(shop, page):
    company = shop.company_id
    for field in edge_settings.fields(page.held(company).settings):
        if field.minimum is None or field.maximum is None:
            continue
        for value in (field.minimum, field.maximum):
            page.save(company, {field.name: int(value)})
            assert page.held(company).settings[field.name] == value
        for value in (field.minimum - 1, field.maximum + 1):
            with pytest.raises(FormError, match=field.name):
                page.save(company, {field.name: int(value)})
            _, problems = edge_settings.read(
                page.held(company).settings, {field.name: [str(value)]}
            )
            assert str(int(field.maximum)) in problems[field.name]
    [options] = [f.options for f in edge_settings.fields(page.held(company).settings) if f.options]
    for option in options:
        page.save(company, {"sync_strategy": option})
    with pytest.raises(FormError):
        page.save(company, {"sync_strategy": "none"})


async def test_preview_says_when_it_counts_what_is_not_published_yet(server, fleet, page):
    company = fleet[0].company_id

    assert page.held(company).is_behind
    async with Session(credentials(server, fleet[0])) as session:
        await frames(session, "SyncPromotions", **fleet[0].tenant)
    assert not page.held(company).is_behind
