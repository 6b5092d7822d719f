"""Apache Airflow against the stack's PostgreSQL: four components and their settings."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from sandbox import airflow_workers, health
from sandbox.environment import USERS, connection, exports, postgres_uri
from sandbox.home import REPOSITORY, Home, write_private
from sandbox.part import Part
from sandbox.state import COLLECTOR, DAG_SECONDS, HOST, STATSD_PORT, TASK_HEARTBEAT, State

# Component: its name in the health report, and its arguments. The servers of log files are left
# out: they would listen to the network, and everybody reads the same directory here anyway.
_COMPONENTS = {
    "scheduler": ("scheduler", ("--skip-serve-logs",)),
    "dag-processor": ("dag_processor", ()),
    "triggerer": ("triggerer", ("--skip-serve-logs",)),
}
# What opens the warehouse as somebody else than the flows.
_OTHERS = ("WAREHOUSE_DSN", "WAREHOUSE_ROLE_DSNS", "AIRFLOW_CONN_WAREHOUSE_OWNER")


def settings(home: Home, state: State) -> dict[str, str]:
    """Return the variables that make any Airflow process part of this stack."""
    url = state.url("airflow-api-server")
    database = postgres_uri(state, "airflow").replace("postgresql://", "postgresql+psycopg2://", 1)
    return {
        "AIRFLOW_HOME": str(home.airflow),
        "AIRFLOW__CORE__DAGS_FOLDER": str(REPOSITORY / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(REPOSITORY / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "6",
        "AIRFLOW__CORE__FERNET_KEY": state.secrets["airflow_fernet"],
        "AIRFLOW__CORE__TEST_CONNECTION": "Enabled",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{u}:{r}" for u, r in USERS.items()),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(_passwords(home)),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database,
        "AIRFLOW__API__HOST": HOST,
        "AIRFLOW__API__PORT": str(state.ports["airflow-api-server"]),
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__API__SECRET_KEY": state.secrets["session"],
        # One process answers the UI, the REST API and the tasks: each more costs 200 MB.
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API_AUTH__JWT_SECRET": state.secrets["jwt"] * 2,  # HS512 wants 64 bytes
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "5",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": str(state.chosen(DAG_SECONDS)),
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.1",
        **_heartbeats(state.chosen(TASK_HEARTBEAT)),
        # The default is no limit, and a callback that hangs would hold a worker for ever.
        "AIRFLOW__CALLBACKS__CALLBACK_EXECUTION_TIMEOUT": "60",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home.airflow / "logs"),
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "false",
        "SCARF_ANALYTICS": "false",
        # Few arenas for the allocator: pages that threads hand to each other leave fewer holes.
        "MALLOC_ARENA_MAX": "2",
        "DO_NOT_TRACK": "1",
        **airflow_workers.settings(state, database),
        **_observed(state),
        **_passed_on(),
    }


def _observed(state: State) -> dict[str, str]:
    """Return where Airflow sends figures and spans; nowhere unless somebody said where."""
    port, collector = state.chosen(STATSD_PORT), state.external.get(COLLECTOR)
    figures = {
        "AIRFLOW__METRICS__STATSD_ON": "true",
        "AIRFLOW__METRICS__STATSD_HOST": HOST,
        "AIRFLOW__METRICS__STATSD_PORT": str(port),
        "AIRFLOW__METRICS__STATSD_PREFIX": "airflow",
    }
    spans = {"AIRFLOW__TRACES__OTEL_ON": "true", COLLECTOR: str(collector)}
    return (figures if port else {}) | (spans if collector else {})


def _heartbeats(timeout: int) -> dict[str, str]:
    """Return after how long a task whose process was killed is noticed: a minute, by default.

    Airflow's own default is five. A task says six times in that time that it lives.
    """
    return {
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": str(timeout),
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": str(timeout / 6),
        "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": str(max(1, min(5, timeout // 6))),
    }


def _passed_on() -> dict[str, str]:
    """Return the flows' own settings that the caller has set (retry waits, SLAs)."""
    flows = ("RETRY", "SLA", "DEADLINE")
    names = [f"VENDOR_SYNC_{name}_SECONDS" for name in flows]
    return {name: os.environ[name] for name in names if name in os.environ}


def parts(home: Home, state: State) -> list[Part]:
    """Return the step that brings the metadata database up to date, and the four components."""
    env = settings(home, state) | _product(state) | airflow_workers.search_path(state)
    program = airflow_workers.program(state)
    components = [_component(state, name, program, env) for name in _COMPONENTS]
    started = [_metadata_schema(home, program, env), _api_server(home, state, program, env)]
    return [*started, *components, *airflow_workers.parts(state, env)]


def _product(state: State) -> dict[str, str]:
    """Return what the flows need of the stack: not what opens the warehouse as its owner."""
    known = exports(state)
    return {name: known[name] for name in known if name not in _OTHERS}


def _write_passwords(home: Home, state: State) -> None:
    write_private(_passwords(home), json.dumps({name: state.secrets[name] for name in USERS}))


def _metadata_schema(home: Home, program: Path, env: dict[str, str]) -> Part:
    marker, done = home.airflow / ".migrated", _version(program, env)
    return Part(
        name="airflow-schema",
        argv=(program, "db", "migrate"),
        env=env,
        after=("postgres-databases",),
        before=lambda: home.airflow.mkdir(exist_ok=True),
        is_done=lambda: marker.exists() and marker.read_text() == done,
        finish=lambda: write_private(marker, done),
        patience=180,
        retry_for=0,
        advice=airflow_workers.ADVICE if not program.exists() else Part.advice,
    )


def _api_server(home: Home, state: State, program: Path, env: dict[str, str]) -> Part:
    port = state.ports["airflow-api-server"]
    page = connection("postgres", postgres_uri(state, "warehouse", "sync_center"))
    return Part(
        name="airflow-api-server",
        argv=(program, "api-server"),
        # Sync Center and the endpoints work in this process, and tasks never do.
        env=env | {"AIRFLOW_CONN_WAREHOUSE_POSTGRES": page},
        after=("airflow-schema",),
        before=lambda: _write_passwords(home, state),
        healthy=health.http_ok(port, "/api/v2/version"),
        address=f"http://{HOST}:{port}",
        patience=180,
    )


def _component(state: State, name: str, program: Path, env: dict[str, str]) -> Part:
    reported, arguments = _COMPONENTS[name]
    return Part(
        name=f"airflow-{name}",
        argv=(program, name, *arguments),
        env=env,
        after=("airflow-schema",),
        healthy=health.airflow_heartbeat(state.ports["airflow-api-server"], reported),
        patience=180,
    )


def _passwords(home: Home) -> Path:
    return home.airflow / "passwords.json"


def _version(program: Path, env: dict[str, str]) -> str:
    """Name the Airflow that is installed and the database that it was set up in."""
    found = program.parents[1].glob("lib/python3*/site-packages/apache_airflow_core-*.dist-info")
    database = env["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]
    return " ".join((*(p.name for p in found), hashlib.sha256(database.encode()).hexdigest()))
