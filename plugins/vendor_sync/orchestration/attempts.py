"""Which attempts of a task were killed: those that ended without a word.

An attempt that fails is asked about its retry, while Airflow still takes what it says; one that was
killed (SIGKILL, out of memory) is not. The next attempt counts at its start who said nothing, and
alerts when it has done what they could not: if it fails as well, that is the alert.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from airflow.sdk import Context

from vendor_sync.alert_rules import interrupted
from vendor_sync.alerts import raise_alert
from vendor_sync.orchestration.connections import connection_from_airflow

logger = logging.getLogger(__name__)
_TOLD = "vendor_sync.failed_attempts"
# Of this process's one task; Airflow's store answers no more once the task has ended.
_killed: dict[str, int] = {}


def note_failed_attempt(context: Context | None, try_number: int) -> None:
    """Note that an attempt has failed and could say so; never raises."""
    store = cast("Mapping[str, Any]", context or {}).get("task_state_store")
    if store is None:
        return
    try:
        store.set(_TOLD, [*_told(store), try_number])
    except Exception:
        logger.exception("that the attempt failed by itself could not be noted")


def count_killed_attempts(context: Context) -> None:
    """Count the attempts that ended without a word; the `on_execute_callback` of every task.

    Attempts before somebody cleared the task are not looked at.
    """
    values = cast("Mapping[str, Any]", context)
    ti = values["ti"]
    first: int = ti.max_tries - ti.task.retries + 1
    if ti.try_number <= first:
        return
    told = _told(values["task_state_store"])
    _killed[str(ti.id)] = sum(number not in told for number in range(first, ti.try_number))


def alert_killed_attempts(context: Context) -> None:
    """Alert if attempts were killed before this one did it; the `on_success_callback`."""
    ti = cast("Mapping[str, Any]", context)["ti"]
    killed = _killed.pop(str(ti.id), 0)
    alert = interrupted(ti.dag_id, ti.run_id, killed, link=ti.log_url)
    if alert:
        raise_alert(connection_from_airflow, replace(alert, task_id=ti.task_id))


def _told(store: Any) -> list[int]:  # noqa: ANN401 - Airflow's
    return list(store.get(_TOLD) or [])
