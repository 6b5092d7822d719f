"""What the reader takes for a line of the click log is what the published schema says."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vendor_sync.ad_analytics.click_log import LONGEST_LINE, record_of
from vendor_sync.ad_analytics.records import ClickRecord, OrderLinkRecord
from vendor_sync.errors import InvalidRecordError

SCHEMA = json.loads(
    (Path(__file__).resolve().parents[3] / "docs" / "click-log.schema.json").read_text()
)
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
NOW = datetime(2026, 6, 22, 12, tzinfo=UTC)
CLICK = {
    "type": "click", "click_id": "c-1", "workspace_id": 7, "visitor_id": "v1",
    "occurred_at": "2026-06-22T10:00:00.123Z",
}  # fmt: skip
ORDER = {
    "type": "order", "workspace_id": 7, "store": "shop.example", "order_id": "1001",
    "visitor_id": "v1", "occurred_at": "2026-06-22T13:00:00+03:00",
}  # fmt: skip


def read(item):
    return record_of(json.dumps(item).encode(), known=frozenset({7}), now=NOW)


def test_the_schema_itself_is_one():
    schema_of_schemas = jsonschema.Draft202012Validator(jsonschema.Draft202012Validator.META_SCHEMA)

    assert list(schema_of_schemas.iter_errors(SCHEMA)) == []


def test_a_click_and_an_order_are_read():
    click = read({**CLICK, "landing_url": "https://x.example/", "platform": "meta", "new": [1]})

    assert isinstance(click, ClickRecord)
    assert (click.click_id, click.workspace_id, click.platform) == ("c-1", 7, "meta")
    assert click.occurred_at == datetime(2026, 6, 22, 10, 0, 0, 123_000, tzinfo=UTC)
    order = read(ORDER)
    assert isinstance(order, OrderLinkRecord)
    assert order.occurred_at == datetime(2026, 6, 22, 10, tzinfo=UTC)


BAD = [
    ({**CLICK, "type": "view"}, "type"),
    ({**CLICK, "click_id": ""}, "click_id"),
    ({**CLICK, "click_id": "a b"}, "click_id"),
    ({**CLICK, "click_id": "x" * 65}, "click_id"),
    ({**CLICK, "click_id": 5}, "click_id"),
    ({**CLICK, "workspace_id": "7"}, "workspace_id"),
    ({**CLICK, "workspace_id": 0}, "workspace_id"),
    ({**CLICK, "occurred_at": "2026-06-22T10:00:00"}, "occurred_at"),
    ({**CLICK, "occurred_at": "yesterday"}, "occurred_at"),
    ({**CLICK, "occurred_at": "2026-06-22 10:00:00Z"}, "occurred_at"),
    ({**CLICK, "platform": "myspace"}, "platform"),
    ({**CLICK, "campaign_id": "../etc"}, "campaign_id"),
    ({**CLICK, "landing_url": "x" * 8_193}, "landing_url"),
    ({**ORDER, "store": ""}, "store"),
    ({name: CLICK[name] for name in CLICK if name != "visitor_id"}, "visitor_id"),
    ([], "object"),
]


@pytest.mark.parametrize(("item", "reason"), BAD)
def test_what_the_schema_refuses_is_refused_with_a_reason(item, reason):
    assert not VALIDATOR.is_valid(item)

    with pytest.raises(InvalidRecordError, match=reason):
        read(item)


@given(
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(["click", "order"]),
            "click_id": st.from_regex(r"\A[A-Za-z0-9_.:-]{0,66}\Z"),
            "order_id": st.one_of(st.just("1"), st.integers()),
            "visitor_id": st.text(max_size=3),
            "workspace_id": st.sampled_from([7, 7.5, True]),
            "store": st.text(max_size=3),
            "occurred_at": st.sampled_from(
                ["2026-06-22T10:00:00Z", "2026-06-22T10:00:00.5+00:00", "2026-06-22 10:00:00Z", "x"]
            ),
        },
        optional={
            "platform": st.sampled_from(["meta", "x", None]),
            "campaign_id": st.one_of(st.none(), st.text(max_size=3)),
            "landing_url": st.one_of(st.none(), st.text(max_size=5), st.integers()),
        },
    )
)
def test_the_reader_takes_no_line_that_the_schema_refuses(item):
    try:
        read(item)
    except InvalidRecordError:
        return
    assert VALIDATOR.is_valid(item)


def test_a_line_of_an_unknown_workspace_of_the_future_or_without_an_end_is_refused():
    with pytest.raises(InvalidRecordError, match="workspace 8 does not exist"):
        read({**CLICK, "workspace_id": 8})
    ahead = (NOW + timedelta(days=1, seconds=1)).isoformat()
    with pytest.raises(InvalidRecordError, match="still to come"):
        read({**CLICK, "occurred_at": ahead})
    with pytest.raises(InvalidRecordError, match=f"longer than {LONGEST_LINE}"):
        record_of(b"x" * (LONGEST_LINE + 1), known=frozenset({7}), now=NOW)
