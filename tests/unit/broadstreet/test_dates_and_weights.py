from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vendor_sync.broadstreet import dates, weights

INSTANTS = st.datetimes(datetime(1970, 1, 1), datetime(2999, 12, 31))  # noqa: DTZ001 - Broadstreet names no zone


@pytest.mark.parametrize(
    ("entered", "kept"),
    [
        ("2025-01-15", "2025-01-15"),
        ("2025-09-18T00:50", "2025-09-18 00:50:00"),
        ("2025-01-15 00:00:00", "2025-01-15 00:00:00"),
        (" 2025-01-15 23:59:59.5 ", "2025-01-15 23:59:59"),
    ],
)
def test_three_ways_to_write_a_date_become_one(entered, kept):
    assert dates.normalise(entered) == kept
    assert dates.normalise(kept) == kept


@pytest.mark.parametrize(
    "entered",
    ["", "tomorrow", "15.01.2025", "2025-02-30", "2025-01-15T25:00", "2025-01-15T10:00Z",
     "2025-01-15T10:00+02:00", "2025-1-5", "2025-01-15 10", "\N{ARABIC-INDIC DIGIT TWO}025-01-15"],
)  # fmt: skip
def test_what_is_no_date_is_refused_with_what_is_expected(entered):
    with pytest.raises(ValueError, match=r"write it as|exists"):
        dates.normalise(entered)


def test_day_without_a_time_is_sent_with_one_so_that_no_zone_shifts_it():
    assert dates.to_api("2025-01-15", ends=False) == "2025-01-15 00:00:00"
    assert dates.to_api("2025-01-15", ends=True) == "2025-01-15 23:59:59"


@given(
    INSTANTS, st.sampled_from(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S"]), st.booleans()
)
def test_day_survives_every_way(instant, form, ends):
    sent = dates.to_api(dates.normalise(instant.strftime(form)), ends=ends)

    assert datetime.strptime(sent, "%Y-%m-%d %H:%M:%S").date() == instant.date()  # noqa: DTZ007
    assert dates.day(dates.normalise(instant.strftime(form))) == instant.date()


@given(INSTANTS)
def test_time_of_day_is_never_thrown_away(instant):
    kept = dates.normalise(instant.isoformat(timespec="seconds"))

    assert dates.to_api(kept, ends=True) == instant.isoformat(" ", timespec="seconds")


def test_campaign_of_one_day_does_not_end_before_it_starts():
    assert not dates.is_before("2025-01-15", "2025-01-15")
    assert not dates.is_before("2025-01-15", "2025-01-15 08:00:00")
    assert dates.is_before("2025-01-14", "2025-01-15")
    assert dates.is_before("2025-01-15 07:59:59", "2025-01-15 08:00:00")


@pytest.mark.parametrize("label", weights.NUMBERS)
def test_weight_goes_there_and_back(label):
    assert weights.label(weights.NUMBERS[label]) == label
    assert weights.label(f" {label.upper()} ") == label


@pytest.mark.parametrize("weight", [50, 10, 100, True, "heavy", "1", None, -1, float("nan")])
def test_weight_that_does_not_exist_is_refused(weight):
    with pytest.raises(ValueError, match=r"there are: remnant \(0\), low \(0.5\)"):
        weights.label(weight)
