"""When the result of a run is a reason to alert, although the run itself went through."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vendor_sync.alerts import Alert, AlertKind

MAX_ERROR_RATE = 0.05
MAX_MEMORY_BYTES = 1 << 30


def broken_rules(flow: str, result: Mapping[str, Any], *, link: str | None) -> list[Alert]:
    """Return an alert for each rule that the result of a Trackier sync or an import breaks."""
    run_id: str = result["run_id"]
    errors, operations = _errors(result)
    found = [
        _breaker(flow, result, link),
        error_rate(
            flow,
            run_id,
            errors=errors,
            operations=operations,
            says=_error_text(result, operations),
            link=link,
        ),
        memory(flow, run_id, result["peak_memory_bytes"], link=link),
        interrupted(flow, run_id, result["interruptions"], link=link),
    ]
    return [alert for alert in found if alert]


def error_rate(  # noqa: PLR0913 - all keyword but the run
    flow: str, run_id: str, *, errors: int, operations: int, says: str, link: str | None
) -> Alert | None:
    """Return an alert if more than 5 % of a run's records and calls went wrong."""
    if not operations or errors / operations <= MAX_ERROR_RATE:
        return None
    title = f"{flow}: error rate {errors / operations:.1%}"
    return _alert(AlertKind.ERROR_RATE, flow, run_id, title, says, link)


def memory(flow: str, run_id: str, peak_bytes: int, *, link: str | None) -> Alert | None:
    """Return an alert if a process of a run needed more than 1 GB."""
    if peak_bytes <= MAX_MEMORY_BYTES:
        return None
    text = f"The process needed {peak_bytes / 2**20:.0f} MB at its peak."
    title = f"{flow}: used more than 1 GB of memory"
    return _alert(AlertKind.MEMORY, flow, run_id, title, text, link)


def interrupted(flow: str, run_id: str, times: int, *, link: str | None) -> Alert | None:
    """Return an alert if attempts of a run, or of a task of it, were killed and another went on."""
    if not times:
        return None
    text = f"Attempts that ended without a word (killed, out of memory, or cut off): {times}. "
    text += "The last one went through."
    title = f"{flow}: was killed and recovered"
    return _alert(AlertKind.RUN_INTERRUPTED, flow, run_id, title, text, link)


def limiter_degraded(flow: str, run_id: str, says: str, *, link: str | None) -> Alert:
    """Return the alert about calls that are paced without Redis."""
    title = f"{flow}: Redis is away, calls are paced by each worker's share"
    return _alert(AlertKind.LIMITER_DEGRADED, flow, run_id, title, says, link)


def _breaker(flow: str, result: Mapping[str, Any], link: str | None) -> Alert | None:
    if not result["breaker_open"]:
        return None
    title = f"{flow}: kept what the vendor no longer lists"
    return _alert(AlertKind.BREAKER_OPEN, flow, result["run_id"], title, _kept(result), link)


def _alert(  # noqa: PLR0913, PLR0917 - an alert's fields
    kind: AlertKind, flow: str, run_id: str, title: str, message: str, link: str | None
) -> Alert:
    return Alert(kind=kind, flow=flow, run_id=run_id, title=title, message=message, link=link)


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
