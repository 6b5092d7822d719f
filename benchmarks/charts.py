"""Pictures of figures for the documentation: SVG, light or dark as the reader's page is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vendor_sync.sync_center.charts import cleaned, pygal

from pygal.style import Style  # isort: skip - pygal itself comes from there, see why

_WIDTH, _BAR = 760, 30
_STYLE = """<style>
svg { font-family: system-ui, sans-serif; }
text { fill: #57606a; font-size: 12px; }
.axis.y text { text-anchor: end; }
.axis.x text, .titles text { text-anchor: middle; }
.title { fill: #24292f; font-size: 14px; }
.background { fill: none; }
.guide.line { stroke: #d0d7de; stroke-dasharray: 2 3; fill: none; }
.axis .line { stroke: #d0d7de; }
.series .line { fill: none; stroke-width: 2; }
.rect, .dot { fill: #0969da; }
.color-0 .line { stroke: #0969da; }
.color-1 .line { stroke: #bc4c00; }
.color-1 .dot, .color-1 .rect, rect.color-1 { fill: #bc4c00; }
.color-2 .line { stroke: #1a7f37; }
.color-2 .dot, .color-2 .rect, rect.color-2 { fill: #1a7f37; }
.color-3 .line { stroke: #8250df; }
.color-3 .dot, .color-3 .rect, rect.color-3 { fill: #8250df; }
rect.color-0 { fill: #0969da; }
@media (prefers-color-scheme: dark) {
  text { fill: #9198a1; }
  .title { fill: #f0f6fc; }
  .guide.line, .axis .line { stroke: #3d444d; }
}
</style>"""
# Widths are reckoned from these sizes; how it looks is what `_STYLE` says.
_SIZES = Style(
    label_font_size=13, major_label_font_size=13, legend_font_size=13, title_font_size=14
)
Bars = Mapping[str, float]
Lines = Mapping[str, Sequence[tuple[float, float]]]


def bars(title: str, values: Bars, *, unit: str, logarithmic: bool = False) -> str:
    """Return a picture with a bar for each value, which stands beside its name."""
    chart: Any = pygal.HorizontalBar(
        **_settings(title, height=70 + _BAR * len(values)), logarithmic=logarithmic
    )
    named = {f"{name}: {plain(value)}{unit}": value for name, value in values.items()}
    chart.x_labels = list(reversed(named))
    chart.add("", list(reversed(named.values())))
    return _drawn(chart)


def curves(title: str, lines: Lines, *, x_title: str, logarithmic: bool = False) -> str:
    """Return a picture with a line for each name, through points of x and y."""
    chart: Any = pygal.XY(
        **_settings(title, height=300) | {"show_legend": True},
        x_title=x_title,
        logarithmic=logarithmic,
        legend_at_bottom=True,
        legend_box_size=10,
        y_labels_major_count=4,
        show_minor_y_labels=False,
    )
    for name, points in lines.items():
        chart.add(name, list(points))
    return _drawn(chart)


def folder_of(docs: Path) -> Path:
    """Return where the pictures of a document lie."""
    return docs.parent / "images" / "benchmarks"


def write(file: Path, title: str, drawing: str) -> str:
    """Write a picture; return the line of Markdown that shows it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(drawing)
    return f"![{title}](images/benchmarks/{file.name})"


def plain(value: float) -> str:
    """Return a number as people read it."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"  # noqa: PLR2004 - three digits


def _short(value: float) -> str:
    """Return a number of an axis: 1.2M, 400k."""
    for size, letter in ((10**6, "M"), (10**3, "k")):
        if abs(value) >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"


def _settings(title: str, *, height: int) -> dict[str, Any]:
    return {
        "title": title,
        "style": _SIZES,
        "width": _WIDTH,
        "height": height,
        "css": [],
        "js": [],
        "show_legend": False,
        "disable_xml_declaration": True,
        "no_prefix": True,
        "dots_size": 2,
        "margin": 12,
        "spacing": 6,
        "truncate_label": -1,
        "truncate_legend": -1,
        "value_formatter": _short,
        "max_scale": 8,
    }


def _drawn(chart: Any) -> str:  # noqa: ANN401 - one of pygal's
    chart.add_xml_filter(cleaned)
    drawing = chart.render(is_unicode=True)
    drawing = re.sub(r' id="[^"]*"', "", drawing)  # made anew with each drawing
    return re.sub(r"(<svg [^>]*>)", rf"\1{_STYLE}", drawing, count=1) + "\n"
