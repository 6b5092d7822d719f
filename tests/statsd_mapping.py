"""What the StatsD exporter makes of lines, by deploy/observation/statsd-mapping.yaml.

An imitation of the exporter's rules as its README states them, for globs and the default types: the
exporter itself could not be installed here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

MAPPING = Path(__file__).resolve().parents[1] / "deploy/observation/statsd-mapping.yaml"
_ENDINGS = {"ms": ("", "_sum", "_count"), "c": ("",), "g": ("",)}


def exposed(lines: Iterable[str]) -> dict[str, set[tuple[str, ...]]]:
    """Return {name of a series in Prometheus: its sets of label values} for StatsD lines."""
    rules = yaml.safe_load(MAPPING.read_text())["mappings"]
    found: dict[str, set[tuple[str, ...]]] = {}
    for line in lines:
        stat, _, rest = line.partition(":")
        name, labels = _mapped(stat, rules)
        for ending in _ENDINGS[rest.split("|")[1]]:
            found.setdefault(name + ending, set()).add(labels)
    return found


def _mapped(stat: str, rules: Iterable[Mapping[str, Any]]) -> tuple[str, tuple[str, ...]]:
    for rule in rules:
        pattern = re.escape(rule["match"]).replace(r"\*", r"([^.]*)")
        match = re.fullmatch(pattern, stat)
        if match:
            parts = {f"${number}": part for number, part in enumerate(match.groups(), 1)}
            return rule["name"], tuple(parts.get(value, value) for value in rule["labels"].values())
    return re.sub(r"[^a-zA-Z0-9_]", "_", stat), ()
