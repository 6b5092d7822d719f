"""The pictures in docs/benchmarks.md: drawn from the figures beside them, the same each time."""

from __future__ import annotations

import re

import pytest

from benchmarks import charts, published

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
