from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sandbox.home import REPOSITORY

pytestmark = pytest.mark.airflow
FILES = sorted((REPOSITORY / "dags").glob("*.py"))
MAX_LINES = 80


@pytest.fixture(scope="module")
def dags(tmp_path_factory):
    """All DAGs as Airflow loads them, with the cluster policy applied."""
    with pytest.MonkeyPatch.context() as settings:
        settings.setenv("AIRFLOW_HOME", str(tmp_path_factory.mktemp("airflow")))
        settings.setenv("AIRFLOW__CORE__PLUGINS_FOLDER", str(REPOSITORY / "plugins"))
        settings.setenv("AIRFLOW__CORE__LOAD_EXAMPLES", "false")
        from airflow.dag_processing.dagbag import DagBag  # noqa: PLC0415 - after its settings

        bag = DagBag(REPOSITORY / "dags", collect_dags=True)
    assert bag.import_errors == {}
    return bag.dags


def test_there_is_one_dag_per_file_named_after_it(dags):
    assert sorted(dags) == [file.stem for file in FILES]


@pytest.mark.parametrize("name", [file.stem for file in FILES])
def test_dag_keeps_the_house_rules(dags, name):
    from vendor_sync.orchestration.dag_defaults import Tag  # noqa: PLC0415 - after its settings

    dag = dags[name]

    assert dag.doc_md
    assert dag.dag_display_name != name
    assert dag.owner == "data-platform"
    assert dag.tags
    assert dag.tags <= set(Tag)
    assert dag.catchup is False
    assert dag.max_active_runs == 1
    for task in dag.tasks:
        assert task.execution_timeout is not None
        assert task.retry_policy is not None


def test_dag_that_is_switched_on_waits_for_its_next_time(dags):
    from airflow.serialization.decoders import decode_timetable  # noqa: PLC0415
    from airflow.serialization.encoders import encode_timetable  # noqa: PLC0415
    from airflow.timetables.base import TimeRestriction  # noqa: PLC0415 - all after its settings

    from vendor_sync.orchestration.dag_defaults import at  # noqa: PLC0415

    def first_run(schedule):
        """Return when Airflow would run it first, as its scheduler reads it from the database."""
        stored = json.loads(json.dumps(encode_timetable(schedule)))
        never = TimeRestriction(earliest=None, latest=None, catchup=False)
        found = decode_timetable(stored).next_dagrun_info(
            last_automated_data_interval=None, restriction=never
        )
        assert found is not None
        return found.run_after

    # Due one or two minutes ago: what Airflow's own default would make up.
    now = datetime.now(UTC)
    minute = (now - timedelta(minutes=1)).minute
    assert first_run(at(f"{minute} * * * *")) > now
    for dag in dags.values():
        assert dag.timetable.run_immediately == at("* * * * *").run_immediately, dag.dag_id


def test_sla_of_a_task_is_a_deadline_of_its_run(dags):
    deadlines = {found.name: found.interval for found in dags["trackier_offer_sync"].deadline}

    assert {name: wait.total_seconds() for name, wait in deadlines.items()} == {
        "run": 600,
        "sla:sync_offers": 480,
        "sla:publish_completion": 540,
    }


def test_every_task_of_a_flow_is_late_before_its_run_is(dags):
    for name, dag in dags.items():
        if name == "alert_delivery":  # alerts nobody: its next run is two minutes away
            continue
        waits = {found.name: found.interval for found in dag.deadline}
        run = waits.pop("run")
        assert waits.keys() == {f"sla:{task.task_id}" for task in dag.tasks}
        assert max(waits.values()) < run


@pytest.mark.parametrize("name", ["edge_usage_rollup", "edge_promotion_audit"])
def test_edge_report_has_one_task_that_is_late_after_a_quarter_of_an_hour(dags, name):
    waits = {found.name: found.interval.total_seconds() for found in dags[name].deadline}
    [task] = dags[name].tasks

    assert waits == {"run": 1800, f"sla:{task.task_id}": 900}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_dag_file_is_short_and_quick_to_parse(file: Path):
    parse = (
        "import time; import airflow.sdk; began = time.process_time()\n"
        f"import runpy; runpy.run_path({str(file)!r})\n"
        "print(time.process_time() - began)"
    )

    finished = subprocess.run(
        [sys.executable, "-c", parse], capture_output=True, text=True, check=True
    )

    assert float(finished.stdout.splitlines()[-1]) < 2
    assert len(file.read_text().splitlines()) <= MAX_LINES
