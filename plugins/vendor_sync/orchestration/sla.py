"""How long after its run was queued a task, and the whole run, has to be done.

Airflow 3 knows deadlines of runs only. `with_sla` marks a task; the cluster policy turns each mark
into a deadline of the run, and when that passes the triggerer looks at the task's state: a task
that is done, or has failed and was alerted for that, is not late. A task without a mark has the
time of the last one that has. `run_deadline` is the run's own: it asks for the run's state.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from airflow.sdk import DAG
from airflow.sdk.definitions.callback import AsyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference
from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance
from asgiref.sync import sync_to_async

from vendor_sync.alerts import Alert, AlertKind, raise_alert
from vendor_sync.orchestration.connections import connection_from_airflow
from vendor_sync.orchestration.notifier import run_link

_MARK = "_vendor_sync_sla"
_ENDED = frozenset({"success", "skipped", "failed", "upstream_failed", "removed"})
_RUN_ENDED = frozenset({"success", "failed"})
T = TypeVar("T")


def with_sla(task: T, sla: timedelta) -> T:
    """Declare that a task is late when it is not done `sla` after its run was queued.

    VENDOR_SYNC_SLA_SECONDS replaces every SLA, to see an alert without waiting for it.
    """
    chosen = _overridden("VENDOR_SYNC_SLA_SECONDS", sla)
    setattr(getattr(task, "operator", task), _MARK, chosen)
    return task


def run_deadline(after: timedelta) -> DeadlineAlert:
    """Return the deadline of a run: `after` it was queued it has ended, or somebody is told.

    VENDOR_SYNC_DEADLINE_SECONDS replaces every such time, to see an alert without waiting for it.
    """
    chosen = _overridden("VENDOR_SYNC_DEADLINE_SECONDS", after)
    arguments = {"seconds": chosen.total_seconds()}
    return _deadline("run", chosen, check_deadline, arguments)


def _overridden(variable: str, declared: timedelta) -> timedelta:
    seconds = os.environ.get(variable)
    return timedelta(seconds=float(seconds)) if seconds else declared


def add_deadlines(dag: DAG) -> None:
    """Give the DAG a deadline for each task, if any has an SLA; repeating it changes nothing."""
    before = dag.deadline or []
    deadlines = [before] if isinstance(before, DeadlineAlert) else list(before)
    known = {deadline.name for deadline in deadlines}
    marked: dict[str, timedelta] = {
        task.task_id: getattr(task, _MARK) for task in dag.tasks if getattr(task, _MARK, None)
    }
    for task in dag.tasks if marked else ():
        name = f"sla:{task.task_id}"
        sla = marked.get(task.task_id, max(marked.values()))
        if name not in known:
            arguments = {"task_id": task.task_id, "seconds": sla.total_seconds()}
            deadlines.append(_deadline(name, sla, check_sla, arguments))
    if deadlines:
        dag.deadline = deadlines


def _deadline(
    name: str, after: timedelta, check: Callable[..., Any], arguments: dict[str, Any]
) -> DeadlineAlert:
    # QUEUED_AT: a run triggered by hand has no logical date.
    return DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=after,
        callback=AsyncCallback(f"{__name__}.{check.__name__}", kwargs=arguments),
        name=name,
    )


async def check_sla(task_id: str, seconds: float, context: dict[str, Any]) -> None:
    """Alert if the task is not done; runs on the triggerer, and returns nothing on purpose.

    (Airflow 3.3 stores a callback's result as text: a dict ends the triggerer.)
    """
    await sync_to_async(_check_sla)(task_id, seconds, context["dag_run"])


def _check_sla(task_id: str, seconds: float, dag_run: dict[str, Any]) -> None:
    dag_id, run_id = dag_run["dag_id"], dag_run["dag_run_id"]
    found = RuntimeTaskInstance.get_task_states(dag_id, task_ids=[task_id], run_ids=[run_id])
    states = {str(state) for state in found.get(run_id, {}).values() if state}
    if states and states <= _ENDED:
        return
    late, state = timedelta(seconds=round(seconds)), ", ".join(sorted(states)) or "not started"
    alert = Alert(
        kind=AlertKind.SLA_MISSED,
        flow=dag_id,
        run_id=run_id,
        task_id=task_id,
        title=f"{dag_id}: {task_id} is late",
        message=f"Not done {late} after the run was queued; it is: {state}.",
        link=run_link(dag_id, run_id),
    )
    raise_alert(connection_from_airflow, alert)


async def check_deadline(seconds: float, context: dict[str, Any]) -> None:
    """Alert if the run has not ended; runs on the triggerer, and returns nothing as `check_sla`."""
    await sync_to_async(_check_deadline)(seconds, context["dag_run"])


def _check_deadline(seconds: float, dag_run: dict[str, Any]) -> None:
    dag_id, run_id = dag_run["dag_id"], dag_run["dag_run_id"]
    state = RuntimeTaskInstance.get_dagrun_state(dag_id, run_id)
    if state in _RUN_ENDED:
        return
    late = timedelta(seconds=round(seconds))
    alert = Alert(
        kind=AlertKind.DEADLINE_MISSED,
        flow=dag_id,
        run_id=run_id,
        title=f"{dag_id}: the run takes longer than {late}",
        message=f"It was queued {late} ago, and is {state}. Its tasks say how far it is.",
        link=run_link(dag_id, run_id),
    )
    raise_alert(connection_from_airflow, alert)
