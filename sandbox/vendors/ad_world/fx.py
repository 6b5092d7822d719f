"""Exchange rates: euro reference rates on working days, pegs to the dollar, and nothing else."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from zoneinfo import ZoneInfo

from sandbox.vendors.seeding import key

MAX_AGE_DAYS = 7
PEGS = {
    "SAR": Decimal("3.75"), "AED": Decimal("3.6725"), "QAR": Decimal("3.64"),
    "BHD": Decimal("0.376"), "OMR": Decimal("0.3845"), "JOD": Decimal("0.709"),
}  # fmt: skip
# What the operator of this world loads by hand, the same on every day; EGP stays unknown.
MANUAL = {"KWD": Decimal("0.3072")}
_PER_DOLLAR = {"USD": Decimal(1), **PEGS, **MANUAL}
_PUBLISHED = {
    "USD": "1.0843", "JPY": "163.21", "GBP": "0.8532", "CHF": "0.9487", "TRY": "38.1742",
    "CNY": "7.8411", "INR": "92.1630", "SEK": "11.2235",
}  # fmt: skip
_FRANKFURT = ZoneInfo("Europe/Berlin")
_HOUR = time(16)
_HOLIDAYS = frozenset({(1, 1), (5, 1), (12, 25), (12, 26)})


class Rates:
    """Units of a currency for one euro, and pairs through the euro or the dollar."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def published(self, day: date, now: datetime) -> dict[str, Decimal] | None:
        """Return a day's reference rates; None on a day without, or before they are out."""
        out_at = datetime.combine(day, _HOUR, _FRANKFURT)
        if now < out_at or not is_working_day(day):
            return None
        return self._reference(day)

    def last_published(self, day: date, now: datetime) -> tuple[date, dict[str, Decimal]] | None:
        """Return the newest rates of `day` or at most 7 days before it."""
        for back in range(MAX_AGE_DAYS + 1):
            rates = self.published(day - timedelta(days=back), now)
            if rates:
                return day - timedelta(days=back), rates
        return None

    def rate(self, day: date, source: str, target: str, now: datetime) -> Fraction | None:
        """Return target units for one source unit, exactly; None where nobody knows.

        Between two currencies with a dollar rate of their own (pegs, and what the operator loaded)
        no reference rate is needed; all others go through the euro.
        """
        if source == target:
            return Fraction(1)
        dollars = [_PER_DOLLAR.get(currency) for currency in (source, target)]
        if dollars[0] and dollars[1]:
            return Fraction(dollars[1]) / Fraction(dollars[0])
        found = self.last_published(day, now)
        if found is None:
            return None
        euros = [_per_euro(found[1], currency) for currency in (source, target)]
        return euros[1] / euros[0] if euros[0] and euros[1] else None

    @cache  # noqa: B019 - a world keeps its rates as long as it lives
    def _reference(self, day: date) -> dict[str, Decimal]:
        return {
            currency: (
                Decimal(middle) * (10_000 + key(self._seed, currency, day.toordinal()) % 400 - 200)
                / 10_000
            ).quantize(Decimal("0.0001"))
            for currency, middle in _PUBLISHED.items()
        }  # fmt: skip


def is_working_day(day: date) -> bool:
    """Tell whether rates are published on the day (Easter is left out)."""
    return day.weekday() < 5 and (day.month, day.day) not in _HOLIDAYS  # noqa: PLR2004 - Saturday


@cache
def nominal(source: str, target: str) -> Fraction:
    """Return a fixed rate, which platforms use for what they claim."""
    return _nominal_euro(target) / _nominal_euro(source)


def _nominal_euro(currency: str) -> Fraction:
    if currency == "EUR":
        return Fraction(1)
    if currency in _PER_DOLLAR:
        return Fraction(_PUBLISHED["USD"]) * Fraction(_PER_DOLLAR[currency])
    return Fraction(_PUBLISHED[currency])


def _per_euro(rates: dict[str, Decimal], currency: str) -> Fraction | None:
    if currency == "EUR":
        return Fraction(1)
    if currency in _PER_DOLLAR:
        return Fraction(rates["USD"]) * Fraction(_PER_DOLLAR[currency])
    return Fraction(rates[currency]) if currency in rates else None


def utc(text: str) -> datetime:
    """Return an ISO instant as an aware one of UTC."""
    instant = datetime.fromisoformat(text)
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
