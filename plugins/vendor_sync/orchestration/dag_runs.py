"""What a flow wants to know of the DAG run that it belongs to."""

from __future__ import annotations

from enum import Enum
from typing import Any


def trigger_of(dag_run: Any) -> str:  # noqa: ANN401 - Airflow's own, another class in each process
    """Return who started a run: `manual`, `scheduled`, `asset_triggered`, `backfill`...

    In a task it is a member of an enumeration whose text is `DagRunType.MANUAL`.
    """
    run_type = dag_run.run_type
    return str(run_type.value if isinstance(run_type, Enum) else run_type)
