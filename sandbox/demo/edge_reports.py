"""The demo's last part: what Airflow says about how the stores used their promotions."""

from __future__ import annotations

from typing import Any

import psycopg
from rich.console import Console
from rich.table import Table

from sandbox.demo.airflow_api import Airflow, DemoError

_ROLLUP, _AUDIT = "edge_usage_rollup", "edge_promotion_audit"
_SHOWN = 5


class EdgeReportsDemo:
    """Runs both reports through Airflow and shows what they wrote."""

    def __init__(self, airflow: Airflow, dsn: str, console: Console) -> None:
        self._airflow = airflow
        self._dsn = dsn
        self._console = console

    def run(self) -> None:
        """Print promotion effectiveness and the audit's findings."""
        self._console.print("[bold]What the stores did with their promotions[/bold]")
        for dag in (_ROLLUP, _AUDIT):
            self._airflow.unpause(dag)
            run_id = self._airflow.trigger(dag, {})
            with self._console.status(f"{dag} …"):
                state = self._airflow.wait(dag, run_id, watch=lambda: None)
            if state != "success":
                message = f"{dag} ended as {state}: {self._airflow.run_link(dag, run_id)}"
                raise DemoError(message)
        with psycopg.connect(self._dsn, autocommit=True) as conn:
            self._console.print(_effectiveness(conn))
            self._console.print(_findings(conn))


def _effectiveness(conn: psycopg.Connection[Any]) -> Table:
    table = Table("promotion", "store", "day", "uses", "taken back", "given", "currency")
    rows = conn.execute(
        "SELECT p.code, s.code, e.business_on, e.uses, e.taken_back, e.discount_amount, e.currency"
        " FROM edge.promotion_effectiveness AS e"
        " JOIN edge.promotions AS p USING (promotion_id) JOIN edge.stores AS s USING (store_id)"
        " ORDER BY e.business_on DESC, e.discount_amount DESC LIMIT %s",
        (_SHOWN,),
    )
    for row in rows:
        table.add_row(*map(str, row))
    return table


def _findings(conn: psycopg.Connection[Any]) -> Table:
    table = Table("finding", "promotions", "for example")
    rows = conn.execute(
        "SELECT finding, count(*), min(code || ': ' || detail) FROM edge.promotion_audits"
        " WHERE audited_at = (SELECT max(audited_at) FROM edge.promotion_audits)"
        " GROUP BY finding ORDER BY finding"
    )
    for row in rows:
        table.add_row(*map(str, row))
    return table
