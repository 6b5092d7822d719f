"""What all shops' readers share: money, instants, free text, redaction of pairs."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vendor_sync.ad_analytics.shops.privacy import PairRedactor
from vendor_sync.ad_analytics.shops.reading import Reading, free_text
from vendor_sync.ad_analytics.shops.tracking import (
    is_tracking,
    own_click_ids,
    parameter_name,
    parameters_of,
)
from vendor_sync.errors import InvalidRecordError
from vendor_sync.redaction import REDACTED

DIGITS = {"SAR": 2, "USD": 2, "KWD": 3, "JPY": 0}
NAMES = st.text(min_size=1, max_size=8)


@pytest.fixture
def reading():
    return Reading("7")


@pytest.mark.parametrize(
    ("text", "currency", "expected"),
    [
        ("55.0", "CAD", "55.00"),
        ("0", "USD", "0.00"),
        ("223.56000086523000", "SAR", "223.56"),
        ("62395.80000000000000", "SAR", "62395.80"),
        ("1.2345", "KWD", "1.235"),
        ("1200.5", "JPY", "1201"),
        ("-20.005", "SAR", "-20.01"),
        (302.5, "SAR", "302.50"),
    ],
)
def test_money_is_rounded_half_up_to_the_minor_unit(reading, text, currency, expected):
    value = Decimal(str(text)) if isinstance(text, float) else text

    assert str(reading.money("total", value, currency)) == expected


@pytest.mark.parametrize("text", [None, "", "12,50", "NaN", "Infinity", "1e20", "SAR 5"])
def test_what_is_no_amount_refuses_the_order(reading, text):
    with pytest.raises(InvalidRecordError, match="total is no amount"):
        reading.money("total", text, "SAR")


@given(
    minor=st.integers(-(10**13), 10**13),
    noise=st.integers(-4_999, 4_999),
    currency=st.sampled_from(sorted(DIGITS)),
)
def test_noise_below_half_a_minor_unit_changes_no_amount(minor, noise, currency):
    exact = Decimal(minor).scaleb(-DIGITS[currency])
    noisy = exact + Decimal(noise).scaleb(-DIGITS[currency] - 4)

    if abs(noisy) < Decimal(10) ** 12:
        assert Reading("7").money("total", f"{noisy:f}", currency) == exact


@given(st.datetimes(min_value=datetime(1990, 1, 1)), st.integers(-14 * 60, 14 * 60))  # noqa: DTZ001
def test_an_instant_is_the_same_in_every_zone(moment, minutes):
    aware = moment.replace(tzinfo=UTC)
    local = aware.astimezone(timezone(timedelta(minutes=minutes)))

    found = Reading("7").instant("createdAt", local.isoformat())

    assert found == aware.replace(microsecond=0)
    assert found.utcoffset() == timedelta(0)


def test_an_instant_without_zone_is_refused_where_one_is_due(reading):
    with pytest.raises(InvalidRecordError, match="createdAt has no zone"):
        reading.instant("createdAt", "2026-06-22T10:00:00")
    assert reading.utc_instant("date", "2026-06-22T10:00:00").tzinfo is UTC


@given(st.text())
def test_free_text_can_always_be_stored(text):
    cleaned = free_text(text + "\0\ud800")

    assert cleaned is None or cleaned.encode()
    assert "\0" not in (cleaned or "")


@pytest.mark.parametrize(
    ("name", "known"),
    [("ScCid", "ScCid"), ("sccid", "ScCid"), ("_ttclid", "ttclid"), ("UTM_Source", "utm_source"),
     ("gift", None), ("_fbc", "_fbc")],
)  # fmt: skip
def test_a_parameter_is_known_however_it_is_spelt(name, known):
    assert parameter_name(name) == known


def test_the_last_value_that_is_not_empty_counts():
    pairs = [("utm_source", "a"), ("UTM_SOURCE", "b"), ("utm_source", ""), ("x", "y")]

    assert parameters_of(pairs) == {"utm_source": "b"}
    assert own_click_ids(" a, b,,a ") == ("a", "b")


REDACT = PairRedactor({"email"}, allowed=is_tracking)


@given(
    st.lists(st.tuples(NAMES, NAMES), max_size=5),
    st.integers(0, 100),
    st.booleans(),
)
def test_a_pair_that_is_not_about_a_click_never_survives_even_in_a_cut_body(pairs, cut, ascii_only):
    secrets = [(name, f"s3cret-{n}-{value}") for n, (name, value) in enumerate(pairs)]
    rows = [{"key": f"note {name}", "value": value} for name, value in secrets]
    rows.append({"value": "s3cret-first", "key": "name before its value comes"})
    rows.append({"key": "ttclid", "value": "kept"})
    body = json.dumps({"email": "s3cret@x", "meta": rows}, ensure_ascii=ascii_only).encode()

    whole = REDACT.redact_body(body)
    part = REDACT.redact_body(body[: len(body) * cut // 100])

    assert b"s3cret" not in whole
    assert json.loads(whole)["meta"][-1] == {"key": "ttclid", "value": "kept"}
    assert b"s3cret-" not in part


def test_a_body_without_pairs_keeps_its_bytes():
    body = b'{"total": 223.56000086523000, "email": "a@b"}'

    assert REDACT.redact_body(body) == b'{"total": 223.56000086523000, "email": "%s"}' % (
        REDACTED.encode()
    )
