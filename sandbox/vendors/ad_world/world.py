"""The world itself: places, a clock, and what there is to see at it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sandbox.vendors.ad_world.delivery import Delivery, deliver
from sandbox.vendors.ad_world.fx import Rates, nominal, utc
from sandbox.vendors.ad_world.journeys import LONGEST_JOURNEY_DAYS, WEEK, Order, Shopper, Touch
from sandbox.vendors.ad_world.places import (
    PLATFORMS,
    STORE_KINDS,
    Account,
    Campaign,
    Store,
    make_account,
    make_store,
    make_workspace,
    minor_digits,
)

_CLAIM_DELAY = timedelta(hours=3)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How large the world is: accounts are per workspace and platform, orders and visits per day.

    `start` is the first day of anything, `now` where the clock stands at first.
    """

    workspaces: int = 2
    accounts: int = 1
    campaigns: int = 8
    stores: int = 1
    orders: int = 4
    idle_visits: int = 6
    start: str = "2026-01-01"
    now: str = "2026-04-15T10:00:00+00:00"


class World:
    """See the package's docstring."""

    def __init__(self, seed: int, settings: Settings | None = None) -> None:
        self.seed = seed
        self.settings = chosen = settings or Settings()
        self.start = date.fromisoformat(chosen.start)
        self.now = utc(chosen.now)
        self.rates = Rates(seed)
        self.workspaces = [make_workspace(seed, index) for index in range(chosen.workspaces)]
        places = [
            (w, p) for w in self.workspaces for p in PLATFORMS for _ in range(chosen.accounts)
        ]
        self.accounts = [
            make_account(seed, i, platform, workspace, campaigns=chosen.campaigns, start=self.start)
            for i, (workspace, platform) in enumerate(places)
        ]
        shops = [(w, k) for w in self.workspaces for k in STORE_KINDS for _ in range(chosen.stores)]
        self.stores = [
            make_store(seed, i, kind, workspace) for i, (workspace, kind) in enumerate(shops)
        ]
        self.accounts_by_id = {account.account_id: account for account in self.accounts}
        self.campaigns_by_id = {c.campaign_id: c for a in self.accounts for c in a.campaigns}
        self._shoppers = {store.index: self._shopper(store) for store in self.stores}
        self._orders: dict[tuple[int, date], list[Order]] = {}
        self._effects: dict[tuple[int, date], _Effects] = {}

    # The clock.

    def set_now(self, at: str) -> datetime:
        """Put the clock to an instant (ISO text)."""
        self.now = utc(at)
        return self.now

    def advance(self, hours: float) -> datetime:
        self.now += timedelta(hours=hours)
        return self.now

    # Reading.

    def accounts_of(self, platform: str) -> list[Account]:
        return [account for account in self.accounts if account.platform == platform]

    def stores_of(self, kind: str) -> list[Store]:
        return [store for store in self.stores if store.kind == kind]

    def local_today(self, timezone: str) -> date:
        return self.now.astimezone(ZoneInfo(timezone)).date()

    def delivery(self, campaign: Campaign, day: date) -> Delivery | None:
        """Return what the platform says, now, of a day of the account's timezone."""
        if day < self.start:
            return None
        visits, claims = self._effects_on(campaign, day)
        return deliver(
            self.seed,
            campaign,
            day,
            self.now,
            visits=sum(at <= self.now for at in visits),
            claims=[value for seen_at, value in claims if seen_at <= self.now],
        )

    def orders(self, store: Store, first: date, last: date) -> Iterator[Order]:
        """Yield the orders created on UTC days, oldest first, as they are now."""
        for order in self._all_orders(store, first, last):
            if order.created_at <= self.now:
                yield order.seen_at(self.now)

    def visits(self, store: Store, first: date, last: date) -> Iterator[Touch]:
        """Yield the visits of UTC days up to now, oldest first.

        The `order_id` of a visit is the order that it leads to, whether it is placed yet or not.
        """
        reach = last + timedelta(days=LONGEST_JOURNEY_DAYS + 1)
        led = [t for order in self._all_orders(store, first, reach) for t in order.touches]
        day, idle = first, list[Touch]()
        while day <= last:
            if day >= self.start:
                idle += self._shoppers[store.index].idle_visits_on(day, self.settings.idle_visits)
            day += timedelta(days=1)
        seen = [t for t in (*led, *idle) if first <= t.occurred_at.date() <= last]
        yield from sorted(
            (t for t in seen if t.occurred_at <= self.now),
            key=lambda t: (t.occurred_at, t.touch_id),
        )

    # Inside.

    def _shopper(self, store: Store) -> Shopper:
        campaigns = [
            campaign
            for account in self.accounts
            if account.workspace is store.workspace
            for campaign in account.campaigns
        ]
        return Shopper(self.seed, store, campaigns)

    def _all_orders(self, store: Store, first: date, last: date) -> Iterator[Order]:
        day = max(first, self.start)
        while day <= last:
            place = (store.index, day)
            if place not in self._orders:
                made = self._shoppers[store.index].orders_on(day, self.settings.orders)
                self._orders[place] = sorted(made, key=lambda order: order.created_at)
            yield from self._orders[place]
            day += timedelta(days=1)

    def _effects_on(
        self, campaign: Campaign, day: date
    ) -> tuple[list[datetime], list[tuple[datetime, int]]]:
        """Return the visits that a campaign brought on a local day, and the sales it claims."""
        if not self.settings.orders or not self.settings.stores:
            return [], []
        month = day.replace(day=1)
        place = (campaign.account.workspace.index, month)
        if place not in self._effects:
            self._effects[place] = self._month_of_effects(*place)
        effects = self._effects[place]
        return effects.visits[campaign.index, day], effects.claims[campaign.index, day]

    def _month_of_effects(self, workspace: int, month: date) -> _Effects:
        effects = _Effects()
        last = month + timedelta(days=31 + LONGEST_JOURNEY_DAYS + 2)
        for store in self.stores:
            if store.workspace.index != workspace:
                continue
            for order in self._all_orders(store, month - timedelta(days=2), last):
                effects.add(order)
        return effects


class _Effects:
    """What orders do to the platforms' reports: visits by click day, claims by the day they get."""

    def __init__(self) -> None:
        self.visits: dict[tuple[int, date], list[datetime]] = defaultdict(list)
        self.claims: dict[tuple[int, date], list[tuple[datetime, int]]] = defaultdict(list)

    def add(self, order: Order) -> None:
        last_click: dict[str, Touch] = {}
        for touch in order.touches:
            if touch.campaign is None:
                continue
            place = (touch.campaign.index, _local_day(touch.occurred_at, touch.campaign))
            self.visits[place].append(touch.occurred_at)
            if (order.created_at - touch.occurred_at).total_seconds() <= WEEK:
                last_click[touch.campaign.platform] = touch
        if order.test:
            return
        for platform, touch in last_click.items():
            campaign = touch.campaign
            if campaign is None:
                continue
            # TikTok dates a sale by the click, the others by the sale itself.
            dated = touch.occurred_at if platform == "tiktok" else order.created_at
            claim = (order.created_at + _CLAIM_DELAY, _in_account_currency(order, campaign.account))
            self.claims[campaign.index, _local_day(dated, campaign)].append(claim)


def _local_day(instant: datetime, campaign: Campaign) -> date:
    return instant.astimezone(ZoneInfo(campaign.account.timezone)).date()


def _in_account_currency(order: Order, account: Account) -> int:
    value = order.placed * nominal(order.currency, account.currency)
    return int(value * 10 ** (account.minor_digits - minor_digits(order.currency)))
