"""Deliver the alerts that could not be delivered at once.

Every two minutes: takes up deliveries of `ops.alerts` whose channel (webhook, e-mail) was down.
Alerts are normally delivered by whoever raises them; this run then finds nothing to do. It fails
only if it cannot run at all, and alerts nobody about that: the next run tries again.
Owner: data-platform.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag, task

from vendor_sync.orchestration.dag_defaults import DEFAULT_ARGS, Tag, at


@dag(
    dag_display_name="Deliver alerts",
    schedule=at("*/2 * * * *"),
    catchup=False,
    max_active_runs=1,
    default_args={
        **DEFAULT_ARGS,
        "retries": 0,
        "on_failure_callback": None,
        "on_success_callback": None,
    },
    doc_md=__doc__,
    tags=[Tag.OPERATIONS],
)
def alert_delivery() -> None:
    @task(execution_timeout=timedelta(minutes=2))
    def deliver_alerts() -> dict[str, int]:
        from vendor_sync.alerts import deliver_alerts
        from vendor_sync.orchestration.connections import connection_from_airflow

        return deliver_alerts(connection_from_airflow)

    deliver_alerts()


alert_delivery()
