"""When a token ends, whatever number its vendor sends: a new one is never lost by its date."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from vendor_sync.ad_analytics.records import token_end

NUMBERS = st.one_of(st.none(), st.integers(), st.floats(allow_nan=False))


def test_a_life_begins_now_and_a_second_is_a_second():
    assert token_end(at=1_700_000_000) == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    in_an_hour = datetime.now(UTC) + timedelta(hours=1)
    end = token_end(life=3600)
    assert end is not None
    assert abs(end - in_an_hour) < timedelta(seconds=5)


def test_milliseconds_are_no_end():
    assert token_end(at=1_700_000_000_000) is None


@given(life=NUMBERS, at=NUMBERS)
def test_no_number_is_an_error(life, at):
    end = token_end(life=life, at=at)

    assert end is None or end.tzinfo is UTC
