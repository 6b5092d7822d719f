"""When the result of a run is a reason to alert, although the run itself went through."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vendor_sync.alerts import Alert, AlertKind

MAX_ERROR_RATE = 0.05
MAX_MEMORY_BYTES = 1 << 30


def broken_rules(flow: str, result: Mapping[str, Any], *, link: str | None) -> list[Alert]:
    """Return an alert for each rule that the result breaks."""
    found: list[tuple[AlertKind, str, str]] = []
    if result["breaker_open"]:
        found.append(
            (AlertKind.BREAKER_OPEN, "kept what the vendor no longer lists", _kept(result))
        )
    errors, operations = _errors(result)
    if operations and errors / operations > MAX_ERROR_RATE:
        title = f"error rate {errors / operations:.1%}"
        found.append((AlertKind.ERROR_RATE, title, _error_text(result, operations)))
    if result["peak_memory_bytes"] > MAX_MEMORY_BYTES:
        text = f"The process needed {result['peak_memory_bytes'] / 2**20:.0f} MB at its peak."
        found.append((AlertKind.MEMORY, "used more than 1 GB of memory", text))
    if result["interruptions"]:
        text = "Attempts that ended without a word (killed, out of memory, or cut off): "
        text += f"{result['interruptions']}. The last one went through."
        found.append((AlertKind.RUN_INTERRUPTED, "was killed and recovered", text))
    return [
        Alert(
            kind=kind,
            flow=flow,
            run_id=result["run_id"],
            title=f"{flow}: {title}",
            message=text,
            link=link,
        )
        for kind, title, text in found
    ]


def _kept(result: Mapping[str, Any]) -> str:
    if "entities" in result:
        parts = ((name, part["kept"]) for name, part in result["entities"].items())
        kept = ", ".join(f"{number} {name}" for name, number in parts if number)
        return f"{kept} are missing from the vendor's lists, more than a run may mark as removed."
    return (
        f"{result['offers']['kept']} offers and {result['brands']['kept']} brands are missing from "
        "complete lists, more than a run may deactivate. They stay active until somebody looks."
    )


def _errors(result: Mapping[str, Any]) -> tuple[int, int]:
    if "entities" in result:
        return result["rejected"] + result["lists_failed"], result["fetched"] + result["api_calls"]
    errors: int = result["rejected"] + result["brands_failed"]
    rows: int = result["campaigns_processed"] + result["brands_processed"]
    return errors, rows + result["api_calls"]


def _error_text(result: Mapping[str, Any], operations: int) -> str:
    lists = result["lists_failed"] if "entities" in result else result["brands_failed"]
    what = "lists" if "entities" in result else "brands"
    return (
        f"{result['rejected']} records were rejected and {lists} {what} failed, "
        f"out of {operations} records and calls. Reasons are in ops.sync_rejects."
    )
