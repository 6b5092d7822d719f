from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from vendor_sync.sync_center import wording
from vendor_sync.sync_center.charts import stacked_bars
from vendor_sync.sync_center.rendering import HERE, render
from vendor_sync.sync_center.results import arranged, told_lines
from vendor_sync.sync_center.runbooks import runbook
from vendor_sync.sync_center.trends import without_particulars

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
FILES = [str(file.relative_to(HERE / "templates")) for file in HERE.rglob("*.html")]
# Macros ask for nothing until they are called.
TEMPLATES = sorted(name for name in FILES if not name.endswith("parts.html"))


@pytest.mark.parametrize("name", TEMPLATES)
def test_missing_values_of_a_template_are_errors_and_its_syntax_is_right(name):
    with pytest.raises(Exception, match="is undefined"):
        render(name, {})


def test_entity_types_become_a_table_without_columns_of_zeros():
    counts = {
        "status": "completed",
        "added": 3,
        "offers": {"fetched": 10, "inserted": 3, "rejected": 0},
        "issues": {"claimed_against_attributed": 2},
        "entities": {"zones": {"fetched": 4, "failed": 1, "errors": []}},
    }

    found = arranged(counts)

    assert found.figures == [("added", 3)]
    assert found.columns == ["fetched", "inserted", "failed"]
    assert found.rows == [("offers", [10, 3, None]), ("zones", [4, None, 1])]


def test_records_told_of_by_name_come_with_their_outcome_failures_first():
    counts = {"exported": [{"name": "A"}], "failed": [{"name": "B"}], "status": "completed"}

    assert told_lines(counts) == [("failed", {"name": "B"}), ("exported", {"name": "A"})]


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (NOW - timedelta(seconds=90), "1 min ago"),
        (NOW + timedelta(hours=5), "in 5 h"),
        (NOW - timedelta(days=2), "2 days ago"),
        (NOW, "now"),
    ],
)
def test_instants_are_relative_with_the_exact_one_as_title(at, words):
    shown = wording.moment(at, NOW)

    assert f">{words}</time>" in shown
    assert f'title="{at:%Y-%m-%d %H:%M:%S} UTC"' in shown


def test_only_everything_is_a_hundred_per_cent():
    assert wording.percent(1.0) == "100 %"
    assert wording.percent(0.99999) == "99.9 %"
    assert wording.percent(None) == wording.NOTHING


def test_messages_that_differ_in_ids_and_amounts_are_one():
    one = without_particulars("GET http://127.0.0.1:8080/offers?page=3 answered 503")
    other = without_particulars("GET http://127.0.0.1:9090/offers?page=14 answered 503")

    assert one == other


def test_chart_holds_no_style_or_script_and_tells_its_values():
    drawing = stacked_bars("Runs <b>", [date(2026, 5, 1), date(2026, 5, 2)], {"Failed": [2, None]})

    assert 'aria-label="Runs &lt;b&gt;"' in drawing
    assert "<title>2, 1 May</title>" in drawing
    assert "style" not in drawing
    assert "<script" not in drawing


def test_runbook_is_read_without_raw_html_and_without_leaving_its_folder(tmp_path):
    text = "# It is late\n\nSee [this](other.md), [that](../alerts.md) <img src=x>\n"
    (tmp_path / "late.md").write_text(text)
    (tmp_path.parent / "secret.md").write_text("# No\n")

    found = runbook(tmp_path, "late")

    assert found is not None
    title, page = found
    assert title == "It is late"
    assert '<a href="other">this</a>' in page
    assert '<span title="../alerts.md">that</span>' in page
    assert "<img" not in page
    assert runbook(tmp_path, "../secret") is None
