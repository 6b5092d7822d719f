"""The rates that a correct sync of exchange rates ends with."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from sandbox.vendors.ad_world.world import World

RATES = """
    SELECT rate_date, quote_currency, rate FROM analytics.fx_rates WHERE base_currency = 'EUR'
"""


def published_rates(world: World, days: Iterable[date]) -> set[tuple[date, str, Decimal]]:
    """Return the rows that RATES has to find for these days."""
    return {
        (day, currency, rate)
        for day in days
        for currency, rate in (world.rates.published(day, world.now) or {}).items()
    }
