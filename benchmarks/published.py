"""Writes measured figures into the documents, with pictures drawn from them.

A picture is drawn from the figures that stand below it, so it never shows others. `make
bench-pictures` draws all again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any

from benchmarks import charts

DOCS = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
_FIGURE = re.compile(r"(?m)^\| ([^|]+) \| ([\d,.]+) \|$")
_PICTURES = re.compile(r"(?m)^!\[.*\]\(images/benchmarks/.*\)\n\n?")


@dataclass(frozen=True, slots=True)
class Picture:
    """Bars of some of a section's figures: what each is called in the picture, by its name."""

    name: str
    title: str
    unit: str
    bars: Mapping[str, str] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Column:
    """Bars of one column of the table whose first column has this head."""

    name: str
    title: str
    unit: str
    head: str
    column: str


@dataclass(frozen=True, slots=True)
class Curves:
    """A line for each of some columns, over the numbers of the first column, which has this head.

    A column that the table does not have makes no line.
    """

    name: str
    title: str
    head: str
    columns: tuple[str, ...]


_OF_SECTION: dict[str, tuple[Picture | Column | Curves, ...]] = {
    "load": (
        Column("load-calls", "99th percentile of each call, ms", " ms", "call", "p99, ms"),
        Curves(
            "load-memory",
            "Resident memory, MiB, over ten minutes",
            "minute",
            ("edge", "airflow-api-server", "airflow-dag-processor", "airflow-triggerer"),
        ),
    ),
    "ramp": (
        Curves(
            "load-ramp",
            "Milliseconds by the number of edges",
            "edges",
            ("Sync delta p50, ms", "Sync delta p99, ms", "upload ack p99, ms"),
        ),
    ),
    "trackier": (
        Picture(
            "trackier",
            "10,000 offers: seconds (less is better)",
            " s",
            {
                "10,000 offers, first sync": "the sync",
                "10,000 offers, second sync": "the same once more",
                "its floor": "the floor",
                "its lean floor": "the lean floor",
                "dlt, its REST source": "dlt, its REST source",
                "dlt, mapped by hand to the same columns": "dlt, mapped by hand",
            },
        ),
    ),
    "analytics": (
        Picture(
            "analytics-pull",
            "1,000 ad accounts, 3 days: seconds (less is better)",
            " s",
            {
                "ingest.seconds": "the pull",
                "ingest.seconds_floor": "the floor",
                "dlt.seconds_plain": "dlt's REST source",
                "dlt.seconds_declared": "the same, for speed",
                "dlt.seconds_mapped": "dlt, mapped",
            },
        ),
        Picture(
            "analytics-attribution",
            "1,000,000 clicks, 100,000 orders: seconds (less is better)",
            " s",
            {
                "attribution.seconds_full": "attribution from scratch",
                "attribution.seconds_incremental": "1 % of the orders",
                "attribution.seconds_ctas": "CREATE TABLE AS",
            },
        ),
    ),
    "broadstreet": (
        Picture(
            "broadstreet",
            "Import of 50,000 entities: seconds (less is better)",
            " s",
            {
                "import.seconds": "the import",
                "import.second_seconds": "the same once more",
                "import.reads_seconds": "the same reads alone",
                "import.upserts_seconds": "bare upserts alone",
            },
        ),
    ),
    "edge": (
        Picture(
            "edge",
            "Full sync of 1,000,000 products: rows a second (more is better)",
            "/s",
            {
                "ceiling.rows_s": "the ceiling, from memory",
                "full_warm.rows_s": "from the chunk cache",
                "full_pg.rows_s": "from the chunk table",
                "full_compressed.rows_s": "the same, compressed",
                "first_build.rows_s": "the first one, which builds the chunks",
                "peer.rows_s": "the JSON peer",
                "peer.rows_s_gzip": "the JSON peer with gzip",
            },
        ),
    ),
}


def publish(section: str, markdown: str, page: Path = DOCS) -> None:
    """Replace what stands between a section's marks; the words around them stay.

    The pictures that its figures make come after its first paragraph, in files beside `page`.
    """
    before, _, after = parts(section, page)
    begin, end = _marks(section)
    first, rest = (*_PICTURES.sub("", markdown).strip().partition("\n\n"),)[::2]
    shown = _drawn(section, markdown, charts.folder_of(page))
    whole = "\n\n".join(filter(None, (first, *shown, rest)))
    page.write_text(f"{before}{begin}\n{whole}\n{end}{after}")


def parts(section: str, page: Path = DOCS) -> tuple[str, str, str]:
    """Return what the documentation says before, between and after a section's marks."""
    begin, end = _marks(section)
    before, found, rest = page.read_text().partition(begin)
    if not found:
        message = f"{page.name} has no mark {begin}"
        raise ValueError(message)
    between, _, after = rest.partition(end)
    return before, between.strip(), after


def figures_of(markdown: str) -> dict[str, float]:
    """Return the figures of all tables of two columns; of those that share a name, the first."""
    found: dict[str, float] = {}
    for name, value in _FIGURE.findall(markdown):
        found.setdefault(name.strip(), float(value.replace(",", "")))
    return found


def table_of(markdown: str, head: str) -> list[dict[str, str]]:
    """Return the rows of the table whose first column has this head, by the heads of all."""
    lines = iter(markdown.splitlines())
    names = next((_cells(line) for line in lines if line.startswith(f"| {head} |")), [])
    next(lines, None)  # the line of dashes
    rows = (_cells(line) for line in takewhile(lambda line: line.startswith("|"), lines))
    return [dict(zip(names, row, strict=True)) for row in rows]


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("| ").split(" | ")]


def _number(text: str) -> float:
    return float(text.replace(",", ""))


def _drawn(section: str, markdown: str, folder: Path) -> list[str]:
    drawings = {one: _drawing(one, markdown) for one in _OF_SECTION.get(section, ())}
    return [
        charts.write(folder / f"{one.name}.svg", one.title, drawing)
        for one, drawing in drawings.items()
        if drawing
    ]


def _drawing(picture: Picture | Column | Curves, markdown: str) -> str | None:
    """Draw a picture, unless the figures that it takes are not there."""
    match picture:
        case Picture(bars=bars):
            figures = figures_of(markdown)
            if not bars.keys() <= figures.keys():
                return None
            values = {label: figures[name] for name, label in bars.items()}
            return charts.bars(picture.title, values, unit=picture.unit)
        case Column(head=head, column=column):
            values = {row[head]: _number(row[column]) for row in table_of(markdown, head)}
            return charts.bars(picture.title, values, unit=picture.unit) if values else None
        case Curves(head=head, columns=columns):
            rows = table_of(markdown, head)
            lines = {
                column: [(_number(row[head]), _number(row[column])) for row in rows]
                for column in columns
                if rows and column in rows[0]
            }
            return charts.curves(picture.title, lines, x_title=head) if lines else None


def _marks(section: str) -> tuple[str, str]:
    return f"<!-- {section}: written by the benchmark -->", f"<!-- {section}: end -->"


def where(machine: Mapping[str, Any], versions: Mapping[str, str]) -> str:
    """Return what the figures were measured on, in words, without a full stop."""
    used = ", ".join(f"{name} {number}" for name, number in versions.items())
    return (
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']:g} GB, "
        f"{machine['kernel']}, Python {machine['python']}; commit {machine['commit']}; {used}"
    )


def draw_all(page: Path = DOCS) -> None:
    """Draw the pictures of all sections again."""
    for section in _OF_SECTION:
        publish(section, parts(section, page)[1], page)


if __name__ == "__main__":
    draw_all()
