"""The figures of a chaos run as they stand in docs/chaos.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks import machine, published

PAGE = Path(__file__).resolve().parents[3] / "docs" / "chaos.md"
_KINDS = ("kill", "pause", "slow", "refuse")
Report = Mapping[str, Any]


def publish(report: Report) -> None:
    published.publish("chaos", "\n".join(_lines(report)), PAGE)


def _lines(report: Report) -> Iterator[str]:
    faults, flows = report["faults"], report["flows"]
    runs = sum(sum(flow["runs"].values()) for flow in flows.values())
    where = published.where(report["machine"], machine.versions("apache-airflow-core"))
    yield (
        f"Seed {report['seed']}, {report['seconds_of_chaos'] / 60:g} minutes, on {where};"
        f" shared with other work (load average {report['load']:g} at its end).\n"
    )
    yield (
        f"**{faults['injected']} faults, {faults['recoveries']} recoveries, {runs} runs,"
        f" {report['losses']} losses, {report['duplicates']} duplicates.** After a fault the next"
        f" good run of a flow ended within {_seconds(faults['seconds_to_the_next_good_run'])}"
        " (median, longest).\n"
    )
    yield from _faults(faults["by_part"])
    yield from _flows(flows)
    edges = report["edges"]
    yield (
        f"\n{edges['stores']} edges, started {edges['starts']} times, made"
        f" {edges['usages']:,} usages, while head office made"
        f" {edges['changes_at_head_office']} changes. Of the zones that"
        f" people entered, {report['entered_without_an_answer']} got no answer: each of them is"
        " there once, or not at all.\n"
    )
    yield "| store | compared | lost | doubled | otherwise wrong |\n|---|---|---|---|---|"
    for name, found in report["compared"].items():
        cells = (found["compared"], found["lost"], found["doubled"], found["wrong"])
        yield f"| {name} | {' | '.join(f'{cell:,}' for cell in cells)} |"


def _faults(parts: Report) -> Iterator[str]:
    yield "| part | killed | stopped | slow | cut off | healthy again after (median, longest) |"
    yield "|---|---|---|---|---|---|"
    for name, part in parts.items():
        counts = " | ".join(str(part["faults"].get(kind, "")) for kind in _KINDS)
        yield f"| {name} | {counts} | {_seconds(part['recovery_seconds'])} |"


def _flows(flows: Report) -> Iterator[str]:
    yield "\n| flow | runs | failed | seconds (median, longest) |\n|---|---|---|---|"
    for name, flow in flows.items():
        runs = flow["runs"]
        failed = sum(number for state, number in runs.items() if state != "success")
        yield f"| `{name}` | {sum(runs.values())} | {failed} | {_seconds(flow['seconds'])} |"


def _seconds(figures: Report) -> str:
    return f"{figures['median']:.1f}, {figures['max']:.1f} s" if figures else ""
