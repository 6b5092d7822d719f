"""Command line of the flows: the same code as in Airflow, with connections from AIRFLOW_CONN_*."""

from __future__ import annotations

import typer

from vendor_sync.connections import connection_from_environment, require_connection
from vendor_sync.migrations import migrate as apply_migrations

app = typer.Typer(
    help="Run the sync flows and their chores. Connections come from AIRFLOW_CONN_* variables.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def root() -> None:
    """Keep `migrate` a subcommand while it is the only one."""


@app.command()
def migrate() -> None:
    """Bring the warehouse to the newest schema; safe to repeat."""
    applied = apply_migrations(
        require_connection(connection_from_environment, "warehouse_postgres")
    )
    typer.echo("\n".join(f"applied {name}" for name in applied) or "nothing to apply")
