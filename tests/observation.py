"""Which series the dashboards and the alert rules ask for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import yaml

FOLDER = Path(__file__).resolve().parents[1] / "deploy/observation"
DASHBOARDS = sorted((FOLDER / "grafana/dashboards").glob("*.json"))
_PARTS = ("expr", "lhs", "rhs", "vector_selector", "param")


def asked_by(dashboard: Path) -> set[str]:
    """Return the names of the series in a dashboard's queries."""
    panels = json.loads(dashboard.read_text())["panels"]
    return {name for p in panels for one in p["targets"] for name in names(one["expr"])}


def asked_by_rules() -> set[str]:
    """Return the names of the series in the alert rules."""
    groups = yaml.safe_load((FOLDER / "alerts.yaml").read_text())["groups"]
    return {name for group in groups for rule in group["rules"] for name in names(rule["expr"])}


def names(expression: str) -> set[str]:
    """Return the names of the series in a PromQL expression; raises ValueError if it is none."""
    return set(_names(promql_parser.parse(expression)))


def _names(node: Any) -> Iterator[str]:
    if isinstance(node, promql_parser.VectorSelector):
        yield str(node.name)
        return
    if isinstance(node, promql_parser.Call):
        for argument in node.args:
            yield from _names(argument)
    for part in _PARTS:
        below = getattr(node, part, None)
        if below is not None and not isinstance(below, str):
            yield from _names(below)
