"""Many lists at once: as many as are allowed, none twice, and not far ahead of who takes them."""

from __future__ import annotations

import threading
from collections import Counter

import pytest

from vendor_sync.broadstreet.client import Listing
from vendor_sync.broadstreet.entity_types import EntityType
from vendor_sync.broadstreet.reading import Scope, read_all
from vendor_sync.errors import AuthenticationError, TemporaryError

CONCURRENCY = 3
CAMPAIGNS = EntityType.CAMPAIGNS
AWAY = "the vendor is away"


def scopes(number):
    return [Scope(entity_type=CAMPAIGNS, parents={"advertiser_id": n}) for n in range(number)]


def listed(scope):
    return Listing(entity_type=CAMPAIGNS, parents=scope.parents, records=[], refused=[])


def test_every_list_is_read_once_and_only_so_many_at_a_time():
    lock, now, most = threading.Lock(), 0, 0

    def fetch(scope):
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        try:
            return listed(scope)
        finally:
            with lock:
                now -= 1

    readings = list(read_all(fetch, scopes(1000), concurrency=CONCURRENCY))

    read = Counter(reading.scope.parents["advertiser_id"] for reading in readings)
    assert read == Counter(range(1000))
    assert all(reading.listing and not reading.error for reading in readings)
    assert 1 <= most <= CONCURRENCY


def test_reading_stays_a_bounded_number_of_lists_ahead_and_stops_with_its_reader():
    asked = []

    def fetch(scope):
        asked.append(scope)
        return listed(scope)

    readings = read_all(fetch, scopes(1000), concurrency=CONCURRENCY)
    for _ in range(10):
        next(readings)
    readings.close()

    assert 10 <= len(asked) <= 10 + 40 * CONCURRENCY


def test_a_failed_list_is_told_and_the_others_go_on():
    def fetch(scope):
        if scope.parents["advertiser_id"] % 7 == 0:
            raise TemporaryError(AWAY)
        return listed(scope)

    readings = list(read_all(fetch, scopes(100), concurrency=1))

    failed = [reading.scope.parents["advertiser_id"] for reading in readings if reading.error]
    assert len(readings) == 100
    assert failed == list(range(0, 100, 7))


@pytest.mark.parametrize(("error", "calls"), [(TemporaryError, 20), (AuthenticationError, 1)])
def test_a_vendor_that_is_away_or_refuses_the_token_ends_the_reading(error, calls):
    asked = []

    def fetch(scope):
        asked.append(scope)
        raise error(AWAY)

    with pytest.raises(error):
        list(read_all(fetch, scopes(1000), concurrency=1))

    assert len(asked) >= calls
    assert len(asked) < 1000
