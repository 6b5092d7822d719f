"""Charts as SVG in the page: drawn by pygal, coloured by our style sheet, read out as a title.

Pygal's own style and script are taken out (the security policy forbids both), and every point gets
a title, which browsers show as a hint. A chart stands beside its figures, for who does not see it.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache, partial
from typing import Any, cast

from markupsafe import Markup

# Pygal hangs a finder of an old kind into Python's imports, for maps that we do not draw: every
# later import would be slower and, where warnings are errors, fail. It is taken out again.
with warnings.catch_warnings():
    warnings.simplefilter("ignore", ImportWarning)
    import pygal  # pyright: ignore[reportMissingTypeStubs]
sys.meta_path[:] = [part for part in sys.meta_path if type(part).__name__ != "PluginImportFixer"]

Series = Mapping[str, Sequence[float | None]]
_Fixed = tuple[tuple[str, tuple[float | None, ...]], ...]
_OUT = frozenset({"style", "script", "defs"})
_OVERLAYS = ("text-overlay", "tooltip-overlay")
_UNSEEN = "\u200b"  # a space without width
_SVG = "{http://www.w3.org/2000/svg}"


def stacked_bars(title: str, days: Sequence[date], series: Series, *, unit: str = "") -> Markup:
    """Return a chart of amounts that add up, one bar a day; the series keep their colours."""
    return _drawn(pygal.StackedBar, title, tuple(days), _fixed(series), unit)


def lines(
    title: str,
    days: Sequence[date],
    series: Series,
    *,
    unit: str = "",
    between: tuple[float, float] | None = None,
) -> Markup:
    """Return a chart of how amounts move; a day without a value is a gap.

    `days` may be instants, which are shown with their time (UTC). `between` is what the axis shows;
    without it, everything from zero.
    """
    return _drawn(pygal.Line, title, tuple(days), _fixed(series), unit, between)


def _fixed(series: Series) -> _Fixed:
    return tuple((name, tuple(values)) for name, values in series.items())


# Drawing takes some 10 ms, and a chart of days is the same until a run ends: it is drawn once.
@lru_cache(maxsize=512)
def _drawn(  # noqa: PLR0913, PLR0917 - what a chart shows
    kind: Any,  # noqa: ANN401 - a kind of pygal's
    title: str,
    days: tuple[date, ...],
    series: _Fixed,
    unit: str,
    between: tuple[float, float] | None = None,
) -> Markup:
    chart: Any = kind(
        width=560,
        height=180,
        css=[],
        js=[],
        show_legend=False,
        disable_xml_declaration=True,
        include_x_axis=between is None,
        range=between,
        dots_size=2.5,
        margin=8,
        spacing=4,
        truncate_label=-1,
        show_minor_x_labels=False,
        y_labels_major_count=3,
        show_minor_y_labels=False,
        value_formatter=partial(_plain, unit=unit),
        no_data_text="Nothing in this time",
    )
    chart.x_labels = labels = _labels(days)
    # From the left: the last one would stand out of the picture.
    chart.x_labels_major = labels[:: max(1, -(-len(labels) // 5))]
    for name, values in series:
        chart.add(name, list(values))
    chart.add_xml_filter(cleaned)
    drawing = cast("str", chart.render(is_unicode=True))
    # Everything in it comes from numbers, dates and our own names, and pygal escapes text.
    head = Markup('<svg role="img" aria-label="{}" ').format(title)
    return head + Markup(drawing.replace("<svg ", "", 1).replace(' id=""', ""))  # noqa: S704


def _labels(days: Sequence[date]) -> list[str]:
    """Return a label a point. No two are alike, as pygal tells them apart by their words."""
    found: list[str] = []
    for day in days:
        label = f"{day.day} {day:%b %H:%M}" if isinstance(day, datetime) else f"{day.day} {day:%b}"
        while label in found:
            label += _UNSEEN
        found.append(label)
    return found


def _plain(value: float, unit: str) -> str:
    if 0 < abs(value) < 1:
        return f"{value:.2g}{unit}"
    return (f"{value:,.0f}" if value == int(value) else f"{value:,.1f}") + unit


def cleaned(root: Any) -> Any:  # noqa: ANN401 - an lxml or ElementTree element
    """Take pygal's style, script and tooltips out of a drawing; each point gets a title."""
    for element in list(root.iter()):
        for child in list(element):
            name = str(child.tag).removeprefix(_SVG) if isinstance(child.tag, str) else "style"
            overlay = name != "style" and child.get("class", "").endswith(_OVERLAYS)
            if name in _OUT or overlay or (name == "title" and element is root):
                element.remove(child)
        element.attrib.pop("style", None)
        _tell_value(element)
    return root


def _tell_value(element: Any) -> None:  # noqa: ANN401 - an element
    found = {child.get("class"): child for child in element if "desc" in str(child.tag)}
    if "value" not in found:
        return
    label = found.get("x_label")
    words = found["value"].text + (f", {label.text}" if label is not None else "")
    for child in found.values():
        element.remove(child)
    title = element.makeelement("title", {})
    title.text = words
    element.insert(0, title)
