"""Exchange rates from the bank and from an operator's file, through their flow."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from cryptography.fernet import Fernet

from tests.integration.ad_analytics.company import Company
from vendor_sync.ad_analytics.fx_flow import load_rates
from vendor_sync.ad_analytics.tokens import KEYS_VARIABLE
from vendor_sync.errors import ConfigurationError

pytestmark = pytest.mark.integration


@pytest.fixture
def company(vendors, warehouse, connections, monkeypatch):
    """A world with a bank and without advertising."""
    monkeypatch.setenv(KEYS_VARIABLE, Fernet.generate_key().decode())
    size = {"workspaces": 0, "start": "2026-01-01", "now": "2026-03-20T18:00:00+00:00"}
    return Company(vendors, warehouse, connections, seed=3, **size)


def stored(company):
    rows = company.rows("SELECT rate_date, quote_currency, rate FROM analytics.fx_rates")
    return {row[:2]: row[2] for row in rows}


def test_the_banks_rates_of_ninety_days_and_a_week_are_here(company):
    result = company.sync_rates()

    world = company.world
    days = [world.now.date() - timedelta(days=n) for n in range(98)]
    expected = {
        (day, currency): rate
        for day in days
        for currency, rate in (world.rates.published(day, world.now) or {}).items()
    }
    assert stored(company) == expected
    assert (result["status"], result["rates_written"]) == ("completed", len(expected))


def test_a_second_reading_asks_for_less_and_writes_only_what_is_new(company):
    company.sync_rates()
    company.vendors.clear_requests()
    company.set_now("2026-03-23T18:00:00+00:00")  # a Monday after the weekend

    result = company.sync_rates()

    today = company.world.rates.published(date(2026, 3, 23), company.world.now)
    assert result["rates_written"] == len(today)
    assert {key[1] for key in stored(company) if key[0] == date(2026, 3, 23)} == set(today)


def test_an_operators_file_is_loaded_by_its_last_word_and_its_bad_lines_are_kept(company, tmp_path):
    file = tmp_path / "rates.csv"
    file.write_text(
        "\ufeffday,base_currency,quote_currency,rate\n"
        "2026-03-20,USD,KWD,0.3070\n2026-03-20,USD,EGP,minus one\n"
        "2026-03-20,USD,KWD,0.3072\n"
    )

    result = load_rates(company.connections.get, file, run_id="file")

    assert (result["status"], result["rates_written"], result["rejected"]) == (
        "completed_with_errors", 1, 1,
    )  # fmt: skip
    assert stored(company) == {(date(2026, 3, 20), "KWD"): Decimal("0.3072")}
    rejects = company.rows("SELECT count(*) FROM ops.sync_rejects")
    assert rejects == [(1,)]


def test_a_file_that_is_not_there_is_named(company, tmp_path):
    with pytest.raises(ConfigurationError, match=r"none\.csv"):
        load_rates(company.connections.get, tmp_path / "none.csv", run_id="file")
