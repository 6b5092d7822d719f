from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from vendor_sync.ad_analytics import fx
from vendor_sync.errors import TemporaryError

pytestmark = pytest.mark.integration

TODAY = date(2026, 4, 15)


@pytest.fixture
def client(bench):
    made = fx.open_client(bench.wire(), bench.sandbox.vendor_url("fx"))
    yield made
    made.close()


def published(bench, since):
    days = [since + timedelta(days=n) for n in range((TODAY - since).days + 1)]
    found = {day: bench.world.rates.published(day, bench.world.now) for day in days}
    return {
        (day, currency): rate
        for day, rates in found.items()
        if rates
        for currency, rate in rates.items()
    }


def read(client, since):
    batch = client.read_rates(since)
    assert not batch.rejects
    assert {(r.base_currency, r.source) for r in batch.records} <= {("EUR", "ecb")}
    return {(r.day, r.quote_currency): r.rate for r in batch.records}


@pytest.mark.parametrize(
    ("back", "file"), [(1, "daily"), (5, "90d"), (89, "90d"), (100, "eurofxref-hist.xml")]
)
def test_the_smallest_file_that_reaches_back_so_far_is_read(bench, client, back, file):
    since = TODAY - timedelta(days=back)
    bench.sandbox.clear_requests()

    assert read(client, since) == published(bench, since)
    assert file in bench.sandbox.requests("fx")[-1]["path"]


def test_todays_rates_come_in_the_afternoon_and_a_weekend_has_none(bench, client):
    assert max(day for day, _ in read(client, TODAY - timedelta(days=1))) == date(2026, 4, 14)
    bench.set_now("2026-04-15T14:30:00+00:00")
    assert max(day for day, _ in read(client, TODAY)) == TODAY
    bench.set_now("2026-04-19T10:00:00+00:00")
    assert read(client, date(2026, 4, 18)) == {}
    assert {day for day, _ in read(client, date(2026, 4, 17))} == {date(2026, 4, 17)}


def test_a_rate_that_cannot_be_one_is_refused_and_the_others_stay(bench, client):
    body = (
        "<Envelope><Cube><Cube time='2026-04-14'><Cube currency='USD' rate='1.0843'/>"
        "<Cube currency='JPY' rate='N/A'/><Cube currency='' rate='2'/></Cube></Cube></Envelope>"
    )
    bench.sandbox.faults.add("status", vendor="fx", status=200, body=body)
    batch = client.read_rates(date(2026, 4, 14))

    assert [(r.quote_currency, r.rate) for r in batch.records] == [("USD", Decimal("1.0843"))]
    assert [reject.external_id for reject in batch.rejects] == ["2026-04-14 JPY", "2026-04-14 "]


@pytest.mark.parametrize(
    "body",
    [
        "<html><body>Maintenance</body></html>",
        "Envelope",
        '<!DOCTYPE x [<!ENTITY a "aaaa">]><Envelope>&a;</Envelope>',
        "<Envelope><Cube>",
        "<Envelope><Cube time='yesterday'/></Envelope>",
    ],
)
def test_what_is_no_file_of_rates_is_an_error_and_not_a_day_without_rates(bench, client, body):
    bench.sandbox.faults.add("status", vendor="fx", status=200, body=body)

    with pytest.raises(TemporaryError):
        client.read_rates(TODAY)
