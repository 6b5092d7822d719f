"""A quote as people read it at the till."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

_STYLES = {"applied": "green", "offered": "yellow", "not_applied": "dim"}
_WORDS = {"applied": "applied", "offered": "possible", "not_applied": "no"}


def show(quote: Mapping[str, Any], console: Console) -> None:
    """Print a quote, as `report.to_json` returns it."""
    console.print(Group(_bill(quote), _promotions(quote)))
    if not quote["is_exact"]:
        text = "Too many promotions to try every combination: a better one may exist."
        console.print(text, style="yellow")


def _bill(quote: Mapping[str, Any]) -> Table:
    table = Table(title=f"{quote['at']}, {quote['currency']}", show_footer=True)
    table.add_column("line", "total")
    table.add_column("product")
    table.add_column("units", justify="right")
    table.add_column("price", justify="right")
    for name, total in (("amount", "subtotal"), ("discount", "discount"), ("total", "total")):
        table.add_column(name, quote[total], justify="right")
    names = ("id", "name", "quantity", "unit_price", "amount", "discount", "total")
    for line in quote["lines"]:
        table.add_row(*(Text(str(line[name])) for name in names))
    return table


def _promotions(quote: Mapping[str, Any]) -> Table:
    table = Table("promotion", "type", "", "saves", "why", title="Promotions")
    for one in quote["promotions"]:
        saves = one.get("cashback", one.get("discount", ""))
        why = "back after paying" if "cashback" in one else one["detail"]
        cells = (one["code"], one["type"], _WORDS[one["outcome"]], saves, why)
        table.add_row(*map(Text, cells), style=_STYLES[one["outcome"]])
    return table
