"""All seven vendors of one world through the whole flow: every figure is the world's own answer."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from cryptography.fernet import Fernet

from tests.integration.ad_analytics.answers import check_all
from tests.integration.ad_analytics.company import Company
from vendor_sync.ad_analytics.tokens import KEYS_VARIABLE

pytestmark = pytest.mark.integration
SIZE = {
    "workspaces": 2,
    "campaigns": 7,
    "orders": 1,
    "idle_visits": 1,
    "start": "2026-02-20",
    "now": "2026-03-20T12:00:00+00:00",
}


@pytest.fixture
def company(vendors, warehouse, connections, monkeypatch, tmp_path, bucket):  # noqa: PLR0913, PLR0917 - servers
    """Two workspaces, of which one has our snippet on every store; rates and clicks are here."""
    monkeypatch.setenv(KEYS_VARIABLE, Fernet.generate_key().decode())
    company = Company(vendors, warehouse, connections, seed=23, **SIZE)
    company.load_rates(tmp_path, days=10)
    company.log_clicks(bucket, company.world.start)
    return company


def test_a_first_sync_and_the_restatements_after_it_are_what_the_world_says(company, bucket):
    first = company.sync("first")
    assert (first["status"], first["missing"]) == ("completed", [])
    assert first["connections"]["salla"] == first["connections"]["zid"] == {"completed": 2}
    assert (first["days_counted"], first.get("days_miscounted")) == (8 * 3, 0)
    check_all(company)

    later = datetime.fromisoformat(SIZE["now"]) + timedelta(days=3, hours=1)
    company.set_now(later)
    company.sync_rates()
    company.log_clicks(bucket, (later - timedelta(days=4)).date())
    company.sync("later")

    check_all(company)
