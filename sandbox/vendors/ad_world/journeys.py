"""Orders, and the visits that really came before them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from urllib.parse import quote
from zoneinfo import ZoneInfo

from sandbox.vendors.ad_world.places import Campaign, Store
from sandbox.vendors.seeding import dice, digits, hexadecimal, key, pick, surname, weighted

LONGEST_JOURNEY_DAYS = 20
SETTLING_DAYS = 30
WEEK = 604_800

CLICK_IDS = {"meta": "fbclid", "tiktok": "ttclid", "snapchat": "ScCid"}
SOURCES = {
    "meta": ("facebook", "fb", "Instagram", " meta ", "ig"),
    "tiktok": ("tiktok", "TikTok", "tt"),
    "snapchat": ("snapchat", "snap", "Snapchat"),
}
MACROS = {
    "meta": "{{campaign.name}}",
    "tiktok": "__CAMPAIGN_NAME__",
    "snapchat": "{{campaign.name}}",
}
_MEDIA = ("cpc", "paid_social", "ppc", "CPC", "paid-social")

# How a click can be recognised later. `redirect`: our own link, whose click log has the campaign.
_EVIDENCE = weighted((
    ("utm_id", 8), ("digits", 3), ("name", 9), ("redirect", 3), ("click_id", 3), ("macro", 1),
))  # fmt: skip
_KINDS = weighted((("paid", 16), ("organic", 2), ("direct", 3), ("email", 1)))
_COUNTS = weighted(((0, 3), (1, 8), (2, 5), (3, 3), (4, 1)))
# Seconds from a visit to its order that sit on the edges of the windows.
_EDGES = (0, WEEK, WEEK + 1, WEEK - 1, 86_400, 14 * 86_400)


@dataclass(frozen=True, slots=True)
class Match:
    """What a correct reader concludes of a visit.

    `level` is `campaign`, `platform` (paid, but the campaign is unknown or ambiguous), `unproven`
    (a bare fbclid: the platform, but not that it was paid) or `unpaid` (organic, direct, e-mail).
    """

    level: str
    platform: str | None = None
    campaign_id: str | None = None

    @property
    def paid(self) -> bool:
        return self.level in {"campaign", "platform"}


@dataclass(frozen=True, slots=True)
class Touch:
    """One visit; `campaign` is what really was clicked, whatever the URL tells of it."""

    touch_id: str
    visitor_id: str
    occurred_at: datetime
    kind: str
    evidence: str
    campaign: Campaign | None
    click_id: str | None
    landing_url: str
    referrer: str | None
    utm: tuple[tuple[str, str], ...]
    order_id: str | None

    def match_in(self, store: Store) -> Match:
        """Return what can be known of this visit with what the store's readers are given."""
        campaign = self.campaign
        if campaign is None:
            return Match("unpaid")
        named = Match("campaign", campaign.platform, campaign.campaign_id)
        unknown = Match("platform", campaign.platform)
        if self.evidence in {"utm_id", "digits"}:
            return named
        if self.evidence == "name":
            return unknown if campaign.twin else named
        if self.evidence == "redirect" and store.snippet:
            return named
        if self.evidence == "macro":
            return unknown
        return Match("unproven", "meta") if campaign.platform == "meta" else unknown


@dataclass(frozen=True, slots=True)
class OrderEvent:
    """`edit` sets the gross to `amount`, `refund` gives `amount` back, `cancel` ends the order."""

    at: datetime
    kind: str
    amount: int


@dataclass(frozen=True, slots=True)
class Order:
    """Money in minor units of `currency`; `events` are those up to the world's clock."""

    order_id: str
    number: int
    store: Store
    created_at: datetime
    currency: str
    placed: int
    source: str
    test: bool
    coupon: str | None
    events: tuple[OrderEvent, ...]
    touches: tuple[Touch, ...]

    @property
    def gross(self) -> int:
        edits = [event.amount for event in self.events if event.kind == "edit"]
        return edits[-1] if edits else self.placed

    @property
    def refunded(self) -> int:
        return sum(event.amount for event in self.events if event.kind == "refund")

    @property
    def cancelled_at(self) -> datetime | None:
        return next((event.at for event in self.events if event.kind == "cancel"), None)

    @property
    def net(self) -> int:
        """Return what the order is worth now: nothing once cancelled, refunds taken off."""
        return 0 if self.cancelled_at else self.gross - self.refunded

    @property
    def updated_at(self) -> datetime:
        return max((event.at for event in self.events), default=self.created_at)

    @property
    def attributable(self) -> bool:
        """Tell whether an advertisement can have led to it: no test, no till, no dashboard."""
        return not self.test and self.source == "web"

    def seen_at(self, now: datetime) -> Order:
        return replace(self, events=tuple(event for event in self.events if event.at <= now))


class Shopper:
    """Makes the orders and the idle visits of one store, a UTC day at a time."""

    def __init__(self, seed: int, store: Store, campaigns: Sequence[Campaign]) -> None:
        self._root = key(seed, "orders", store.kind, store.index)
        self._store = store
        self._campaigns = campaigns
        self._coupon = surname(key(seed, "coupon"), store.index).upper()[:8]

    def orders_on(self, day: date, count: int) -> list[Order]:
        """Return the orders of a UTC day with all that will ever happen to them."""
        return [self._order(day, number) for number in range(count)]

    def idle_visits_on(self, day: date, count: int) -> list[Touch]:
        """Return visits of a UTC day that no order follows."""
        random = dice(key(self._root, "idle"), day.toordinal())
        start = datetime.combine(day, time(), UTC)
        moments = sorted(start + timedelta(seconds=random.randrange(86_400)) for _ in range(count))
        return [
            self._touch(random, moment, f"i{day.toordinal()}-{number}", None)
            for number, moment in enumerate(moments)
        ]

    def _order(self, day: date, number: int) -> Order:
        index = day.toordinal() * 10_000 + number
        random = dice(self._root, index)
        created = datetime.combine(day, time(), UTC) + timedelta(seconds=random.randrange(86_400))
        order_id = digits(self._root, index, 13)
        placed = 2_000 + random.randrange(60_000)
        source = "web" if random.random() < 0.95 else "pos"  # noqa: PLR2004 - one in twenty
        # Only Shopify marks its test orders; elsewhere nobody could tell them from real ones.
        test = random.random() < 0.02 and self._store.kind == "shopify"  # noqa: PLR2004
        journey = self._journey(random, created, order_id) if source == "web" else ()
        return Order(
            order_id=order_id,
            number=index,
            store=self._store,
            created_at=created,
            currency=self._store.currency,
            placed=placed,
            source=source,
            test=test,
            coupon=self._coupon if random.random() < 0.1 else None,  # noqa: PLR2004 - one in ten
            events=_later(random, created, placed),
            touches=journey,
        )

    def _journey(self, random: Random, created: datetime, order_id: str) -> tuple[Touch, ...]:
        distances = {
            pick(random, _EDGES) if random.random() < 0.15 else _distance(random)  # noqa: PLR2004
            for _ in range(pick(random, _COUNTS))
        }
        return tuple(
            self._touch(random, created - timedelta(seconds=distance), order_id, order_id)
            for distance in sorted(distances, reverse=True)
        )

    def _touch(
        self, random: Random, occurred_at: datetime, visitor: str, order_id: str | None
    ) -> Touch:
        kind = pick(random, _KINDS)
        running = [c for c in self._campaigns if c.starts_on < occurred_at.date()]
        campaign = pick(random, running) if kind == "paid" and running else None
        touch_id = hexadecimal(self._root, random.getrandbits(48), 24)
        evidence = pick(random, _EVIDENCE) if campaign else ("direct" if kind == "paid" else kind)
        click_id = _click_id(random, campaign) if campaign else None
        utm = _utm(random, campaign, evidence, occurred_at)
        pairs = [
            *utm,
            *([(CLICK_IDS[campaign.platform], click_id)] if campaign and click_id else []),
        ]
        query = "&".join(f"{name}={quote(value)}" for name, value in pairs)
        page = f"https://{self._store.name.lower()}.example/"
        return Touch(
            touch_id=touch_id,
            visitor_id=hexadecimal(key(self._root, visitor), 0, 20),
            occurred_at=occurred_at,
            kind="paid" if campaign else ("direct" if kind == "paid" else kind),
            evidence=evidence,
            campaign=campaign,
            click_id=click_id,
            landing_url=f"{page}?{query}" if query else page,
            referrer=_referrer(campaign, kind),
            utm=utm,
            order_id=order_id,
        )


def _distance(random: Random) -> int:
    """Return seconds: most visits are of the same hours, some of last week or before."""
    longest = pick(random, (3_600, 7_200, 86_400, 3 * 86_400, WEEK, LONGEST_JOURNEY_DAYS * 86_400))
    return random.randrange(1, longest)


def _later(random: Random, created: datetime, placed: int) -> tuple[OrderEvent, ...]:
    """Return what happens to an order in the month after it."""

    def moment(days: float) -> datetime:
        return created + timedelta(seconds=random.randrange(600, int(days * 86_400)))

    fate = random.random()
    if fate < 0.06:  # noqa: PLR2004 - shares of a life like shop
        return (OrderEvent(moment(5), "cancel", 0),)
    if fate < 0.14:  # noqa: PLR2004
        return (
            OrderEvent(
                moment(SETTLING_DAYS), "refund", 1 + placed * random.randrange(10, 90) // 100
            ),
        )
    if fate < 0.17:  # noqa: PLR2004
        return (OrderEvent(moment(SETTLING_DAYS), "refund", placed),)
    if fate < 0.22:  # noqa: PLR2004
        return (OrderEvent(moment(1), "edit", placed + random.randrange(-1_500, 4_000)),)
    if fate < 0.24:  # noqa: PLR2004
        first, second = sorted((moment(9), moment(9)))
        edited = placed - random.randrange(1_000)
        return (OrderEvent(first, "edit", edited), OrderEvent(second, "refund", edited // 3))
    return ()


def _utm(
    random: Random, campaign: Campaign | None, evidence: str, moment: datetime
) -> tuple[tuple[str, str], ...]:
    if campaign is None:
        return (
            (("utm_source", "newsletter"), ("utm_medium", "email")) if evidence == "email" else ()
        )
    if evidence in {"redirect", "click_id"}:
        return ()
    tags = [
        ("utm_source", pick(random, SOURCES[campaign.platform])),
        ("utm_medium", pick(random, _MEDIA)),
    ]
    if evidence == "utm_id":
        tags.append(("utm_id", campaign.campaign_id))
    local_day = moment.astimezone(ZoneInfo(campaign.account.timezone)).date()
    value = {"digits": campaign.campaign_id, "macro": MACROS[campaign.platform]}.get(evidence)
    tags.append(("utm_campaign", value or _misspelt(random, campaign.name_on(local_day))))
    if campaign.platform == "snapchat" and evidence == "digits":
        # A UUID in utm_campaign is no number: the identifier goes where it is expected.
        tags[-1] = ("utm_id", campaign.campaign_id)
    return tuple(tags)


def _misspelt(random: Random, name: str) -> str:
    """Return the name with the case and the spaces that people give it."""
    return pick(random, (name, name.upper(), name.lower(), f" {name}", f"{name}  ", name))


def _click_id(random: Random, campaign: Campaign) -> str:
    prefix = {"meta": "IwAR", "tiktok": "E.C.P.", "snapchat": ""}[campaign.platform]
    return prefix + hexadecimal(random.getrandbits(60), campaign.index, 32)


def _referrer(campaign: Campaign | None, kind: str) -> str | None:
    if campaign:
        return {
            "meta": "https://l.facebook.com/",
            "tiktok": "https://www.tiktok.com/",
            "snapchat": None,
        }[campaign.platform]
    return "https://www.google.com/" if kind == "organic" else None
