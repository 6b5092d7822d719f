"""What Sync Center shows of Airflow's own tables: a handful of queries a page, not one a DAG."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from airflow.models.dag import DagModel
from airflow.models.dagrun import DagRun
from airflow.models.deadline_alert import DeadlineAlert
from airflow.models.serialized_dag import SerializedDagModel
from airflow.models.taskinstance import TaskInstance
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from vendor_sync.orchestration.dag_runs import trigger_of
from vendor_sync.sync_center.flows import AirflowFlow, AirflowRun

_LOG_STATES = ("failed", "up_for_retry", "running", "success")


def airflow_flows(session: Session, dag_ids: Collection[str]) -> dict[str, AirflowFlow]:
    """Return {dag_id: flow} of those that Airflow has."""
    found: Any = session.scalars(
        select(DagModel).where(DagModel.dag_id.in_(dag_ids), DagModel.is_stale.is_(False))
    )
    last, slas = _last_runs(session, dag_ids), _slas(session, dag_ids)
    return {
        dag.dag_id: AirflowFlow(
            dag_id=dag.dag_id,
            name=dag.dag_display_name,
            is_paused=dag.is_paused,
            schedule=dag.timetable_description or dag.timetable_summary or "",
            next_run_at=dag.next_dagrun_create_after,
            slas=slas.get(dag.dag_id, ()),
            last_run=last.get(dag.dag_id),
        )
        for dag in found
    }


def airflow_run(session: Session, dag_id: str, run_id: str) -> AirflowRun | None:
    """Return a DAG run with the path of the log that somebody would look at first."""
    found: Any = session.scalar(
        select(DagRun).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id)
    )
    return _run(found, _log(session, dag_id, run_id)) if found else None


def run_path(dag_id: str, run_id: str) -> str:
    """Return where Airflow's UI shows a run, below its own address."""
    return f"/dags/{dag_id}/runs/{quote(run_id)}"


def _last_runs(session: Session, dag_ids: Collection[str]) -> dict[str, AirflowRun]:
    newest = select(func.max(DagRun.id)).where(DagRun.dag_id.in_(dag_ids)).group_by(DagRun.dag_id)
    found: Any = session.scalars(select(DagRun).where(DagRun.id.in_(newest)))
    return {run.dag_id: _run(run) for run in found}


def _run(run: Any, log: str | None = None) -> AirflowRun:  # noqa: ANN401 - Airflow's model
    return AirflowRun(
        run_id=run.run_id,
        state=str(run.state.value if hasattr(run.state, "value") else run.state),
        queued_at=run.queued_at or run.run_after,
        started_at=run.start_date,
        ended_at=run.end_date,
        trigger=trigger_of(run),
        log=log,
    )


def _log(session: Session, dag_id: str, run_id: str) -> str | None:
    """Return the path of a task: one that failed, else one at work, else the longest."""
    tasks: Any = session.execute(
        select(TaskInstance.task_id, TaskInstance.map_index, TaskInstance.state)
        .where(TaskInstance.dag_id == dag_id, TaskInstance.run_id == run_id)
        .order_by(TaskInstance.duration.desc().nulls_last())
    ).all()
    chosen = next((task for state in _LOG_STATES for task in tasks if task.state == state), None)
    if chosen is None:
        return None
    part = f"/mapped/{chosen.map_index}" if chosen.map_index >= 0 else ""
    return f"{run_path(dag_id, run_id)}/tasks/{chosen.task_id}{part}"


def _slas(session: Session, dag_ids: Collection[str]) -> Mapping[str, list[timedelta]]:
    latest = (
        select(func.max(SerializedDagModel.created_at))
        .where(SerializedDagModel.dag_id.in_(dag_ids))
        .group_by(SerializedDagModel.dag_id)
    )
    interval_column: Any = DeadlineAlert.__table__.c.interval
    found: Any = session.execute(
        select(SerializedDagModel.dag_id, interval_column)
        .join(DeadlineAlert, DeadlineAlert.serialized_dag_id == SerializedDagModel.id)
        .where(SerializedDagModel.dag_id.in_(dag_ids), SerializedDagModel.created_at.in_(latest))
    ).all()
    slas: dict[str, list[timedelta]] = {}
    for dag_id, interval in found:
        seconds: Any = interval.get("__data__") if hasattr(interval, "get") else interval
        if isinstance(seconds, int | float):  # else computed for each run
            slas.setdefault(dag_id, []).append(timedelta(seconds=seconds))
    return {dag_id: sorted(spans) for dag_id, spans in slas.items()}
