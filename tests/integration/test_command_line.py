"""`python -m vendor_sync` as a person meets it: results, exit codes, one clear message an error."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.integration


def run(world, *arguments, **overrides):
    environment = {**os.environ, **world.environment(), **overrides}
    return subprocess.run(
        [sys.executable, "-m", "vendor_sync", *arguments],
        env={name: value for name, value in environment.items() if value is not None},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def connection(world, conn_id, **changes):
    variable = f"AIRFLOW_CONN_{conn_id.upper()}"
    return {variable: json.dumps({**json.loads(world.environment()[variable]), **changes})}


def test_result_is_json_with_the_promised_fields(trackier):
    done = run(trackier, "trackier-offers", "--json", "--param", "include_publishers=true")

    result = json.loads(done.stdout)
    assert done.returncode == 0
    assert done.stderr == ""
    assert {
        "status", "added", "updated", "unchanged", "deactivated", "rejected", "brands_failed",
        "campaigns_processed", "brands_processed", "duration_seconds", "api_calls", "retries",
        "queries",
    } <= set(result)  # fmt: skip
    assert result["status"] == "completed"
    assert result["added"] > 0
    assert result["campaigns_processed"] > 0


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("wrong key", "trackier_default"),
        ("no key", "trackier_default"),
        ("no bucket", "audit_s3"),
        ("bucket not named", "audit_s3"),
        ("wrong S3 key", "audit_s3"),
        ("unknown connection", "AIRFLOW_CONN_TRACKIER_DEFAULT"),
        ("unreadable connection", "AIRFLOW_CONN_TRACKIER_DEFAULT"),
        ("wrong database password", "warehouse_postgres"),
        ("unknown database", "warehouse_postgres"),
        ("unreachable database", "warehouse_postgres"),
        ("unreachable S3", "audit_s3"),
        ("wrong setting", "group_size"),
        ("unknown param", "brand_idz"),
        ("bad param", "dry_run"),
        ("no value", "name=value"),
    ],
)
def test_bad_configuration_is_one_message_that_names_the_setting(trackier, case, words):
    arguments = {
        "unknown param": ["--param", "brand_idz=3"],
        "bad param": ["--param", "dry_run=perhaps"],
        "no value": ["--param", "dry_run"],
    }.get(case, [])
    s3 = json.loads(trackier.environment()["AIRFLOW_CONN_AUDIT_S3"])["extra"]
    overrides = {
        "wrong key": lambda: connection(trackier, "trackier_default", password="wrong-key-77"),
        "no key": lambda: connection(trackier, "trackier_default", password=None),
        "no bucket": lambda: connection(trackier, "audit_s3", extra={**s3, "bucket": "absent"}),
        "bucket not named": lambda: connection(trackier, "audit_s3", extra={}),
        "wrong S3 key": lambda: connection(trackier, "audit_s3", login="nobody"),
        "unknown connection": lambda: {"AIRFLOW_CONN_TRACKIER_DEFAULT": None},
        "unreadable connection": lambda: {"AIRFLOW_CONN_TRACKIER_DEFAULT": "wrong-key-77"},
        "wrong database password": lambda: connection(
            trackier, "warehouse_postgres", password="wrong-key-77"
        ),
        "unknown database": lambda: connection(trackier, "warehouse_postgres", schema="absent"),
        "unreachable database": lambda: connection(trackier, "warehouse_postgres", port=1),
        "unreachable S3": lambda: connection(
            trackier, "audit_s3", extra={**s3, "endpoint_url": "http://127.0.0.1:1"}
        ),
        "wrong setting": lambda: connection(
            trackier, "trackier_default", extra={"group_size": "many"}
        ),
    }.get(case, dict)()

    done = run(trackier, "trackier-offers", *arguments, **overrides)

    assert done.returncode in {1, 75, 78}
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert "wrong-key-77" not in done.stderr + done.stdout
    assert len(done.stderr.strip().splitlines()) <= 2


def test_empty_database_says_to_migrate(trackier):
    done = run(
        trackier,
        "trackier-offers",
        **connection(trackier, "warehouse_postgres", schema="postgres"),
    )

    assert done.returncode == 78
    assert "vendor_sync migrate" in done.stderr


@pytest.mark.parametrize("changes", [{"password": "wrong-key-77"}, {"port": 1}])
def test_migrate_says_what_is_wrong_with_the_connection(trackier, changes):
    given = connection(trackier, "warehouse_postgres", **changes)
    done = run(trackier, "migrate", **given, AIRFLOW_CONN_WAREHOUSE_OWNER=None)

    assert done.returncode in {75, 78}
    assert "warehouse_postgres" in done.stderr
    assert "Traceback" not in done.stderr
    assert "wrong-key-77" not in done.stderr


def test_migrate_twice_is_a_no_op(trackier, owned_database):
    trackier.connections["warehouse_owner"] = owned_database
    done = run(trackier, "migrate")

    assert done.returncode == 0
    assert done.stdout.strip() == "nothing to apply"
