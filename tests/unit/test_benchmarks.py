"""The pictures in docs/benchmarks.md, drawn from the figures beside them; what profiles tell."""

from __future__ import annotations

import re

import pytest

from benchmarks import charts, costs, published

SECTIONS = re.findall(r"<!-- (\w+): written by the benchmark -->", published.DOCS.read_text())


@pytest.fixture
def docs(tmp_path):
    """A copy of the documentation."""
    copy = tmp_path / "benchmarks.md"
    copy.write_text(published.DOCS.read_text())
    return copy


def test_pictures_show_the_figures_that_stand_beside_them(docs):
    published.draw_all(docs)

    assert docs.read_text() == published.DOCS.read_text(), "run `make bench-pictures`"
    drawn = list(charts.folder_of(docs).glob("*.svg"))
    assert drawn
    for file in drawn:
        committed = charts.folder_of(published.DOCS) / file.name
        assert file.read_text() == committed.read_text(), "run `make bench-pictures`"


def test_new_figures_replace_the_old_picture(docs):
    _, before, _ = published.parts("trackier", docs)
    rows = re.sub(r"\| its floor \| [\d.]+ \|", "| its floor | 0.123 |", before, count=1)
    assert rows != before

    published.publish("trackier", rows, docs)

    assert published.parts("trackier", docs)[1] == rows
    assert "the floor: 0.123 s" in (charts.folder_of(docs) / "trackier.svg").read_text()


def test_section_without_figures_has_no_picture(docs):
    published.publish("analytics", "Not published yet.", docs)

    assert published.parts("analytics", docs)[1] == "Not published yet."
    assert not charts.folder_of(docs).exists()


@pytest.mark.parametrize("section", SECTIONS)
def test_section_without_marks_is_refused(docs, section):
    docs.write_text(docs.read_text().replace(f"<!-- {section}: written by", "<!-- "))

    with pytest.raises(ValueError, match="has no mark"):
        published.publish(section, "words", docs)


def test_costs_are_told_by_program_and_by_our_innermost_function():
    ours = f"sync ({costs.REPOSITORY}/plugins/vendor_sync/flow.py:7)"
    site = f"{costs.REPOSITORY}/.venv/lib/python3.11/site-packages"
    library = f"send ({site}/requests/adapters.py:3);connect ({site}/urllib3/pool.py:5)"
    program = 'process 1:"python -m benchmarks.trackier";process 2:"/bin/python -m worker sync"'
    loop = "run_forever (/usr/lib/python3.11/asyncio/base_events.py:600)"

    found = costs.by_program([
        f"{program};{ours} 4",
        f"{program};{ours};{library} 3",
        f"{program};{ours};<module> (<frozen importlib._bootstrap>:9) 2",
        f"{program};{ours};{loop};_run (/usr/lib/python3.11/asyncio/events.py:80) 1",
    ])  # fmt: skip

    assert found == {
        "-m worker sync": {
            "plugins/vendor_sync/flow.py:sync": 4,
            "plugins/vendor_sync/flow.py:sync > requests/adapters.py:send": 3,
            "(imports)": 2,
            "(a library's thread or loop) > asyncio/events.py:_run": 1,
        }
    }


def test_costs_of_statements_are_summed_by_their_first_line():
    found = costs.by_statement([
        "2026-11-22 12:00:00 UTC LOG:  duration: 1.500 ms  execute <unnamed>: -- Write how far.",
        "\tUPDATE ops.sync_progress",
        "2026-11-22 12:00:01 UTC LOG:  duration: 2.500 ms  statement: -- Write how far.",
        "2026-11-22 12:00:01 UTC LOG:  duration: 7.000 ms  statement: COMMIT",
    ])  # fmt: skip

    assert found == {"-- Write how far.": 0.004, "COMMIT": 0.007}
