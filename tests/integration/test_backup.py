"""A backup is made while flows run, everything is lost, and the restored stack goes on."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from typing import Any

import psycopg
import pytest

from sandbox.home import REPOSITORY, Home
from tests.airflow_user import storage

pytestmark = pytest.mark.integration
GROUPS = "services,vendors"


def _sandbox(home: Home, *arguments: str, code: int = 0) -> str:
    command = [sys.executable, "-m", "sandbox", *arguments, "--home", str(home.root)]
    done = subprocess.run(
        command, cwd=REPOSITORY, capture_output=True, text=True, timeout=180, check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def _variables(home: Home) -> dict[str, str]:
    lines = (shlex.split(line)[1] for line in home.env_file.read_text().splitlines())
    return dict(line.split("=", 1) for line in lines)


def _sync(known: dict[str, str], run_id: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "vendor_sync", "trackier-offers", "--json"]
    return subprocess.Popen(
        [*command, "--run-id", run_id],
        env={**os.environ, **known},
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
    )


def _result(running: subprocess.Popen[str]) -> dict[str, Any]:
    return json.loads(running.communicate(timeout=60)[0])


@pytest.mark.soak
def test_stack_that_is_lost_comes_back_from_its_backup(tmp_path, record_property):
    home, where = Home(tmp_path / "home"), tmp_path / "backup"
    try:
        _sandbox(home, "up", "--only", GROUPS)
        known = _variables(home)
        assert _result(_sync(known, "first"))["status"] == "completed"
        with psycopg.connect(known["WAREHOUSE_DSN"], autocommit=True) as conn:
            conn.execute(
                "INSERT INTO edge.companies (code, name, timezone, currency)"
                " VALUES ('c', 'C', 'UTC', 'IDR')"
            )
            [(epoch,)] = conn.execute("SELECT epoch FROM edge.versions").fetchall()
        during = _sync(known, "during")
        _sandbox(home, "backup", str(where))
        assert _result(during)["status"] == "completed"
        objects = _objects(known)
        manifest = json.loads((where / "manifest.json").read_text())
        record_property("backup", manifest)
        assert "is there already" in _sandbox(home, "backup", str(where), code=1)
        assert "has data" in _sandbox(home, "restore", str(where), code=1)
        _sandbox(home, "reset")

        said = _sandbox(home, "restore", str(where))
        record_property("restore", said)

        assert "renew_epochs            1" in said
        restored = _variables(home)
        secret = "VENDOR_SYNC_FERNET_KEYS"
        assert restored[secret] == known[secret]
        with psycopg.connect(restored["WAREHOUSE_DSN"], autocommit=True) as conn:
            [(renewed,)] = conn.execute("SELECT epoch FROM edge.versions").fetchall()
            assert renewed != epoch
            runs = conn.execute("SELECT run_id, run_key FROM ops.sync_runs").fetchall()
            offers = conn.execute("SELECT count(*) FROM affiliate.offers").fetchone()
        assert {"first"} <= {run_id for run_id, _ in runs}
        assert _objects(restored)
        assert _objects(restored) <= objects
        _sandbox(home, "up", "--only", GROUPS)
        result = _result(_sync(_variables(home), "after"))
        assert result["status"] == "completed"
        assert result["offers"]["inserted"] == 0
        assert offers
        assert offers[0] > 0
        with psycopg.connect(restored["WAREHOUSE_DSN"], autocommit=True) as conn:
            [(key,)] = conn.execute("SELECT run_key FROM ops.sync_runs WHERE run_id = 'after'")
        assert key > 1_000_000  # none of what was given out since the backup
    finally:
        _sandbox(home, "down")


def _objects(known: dict[str, str]) -> set[str]:
    pages = storage(known).get_paginator("list_objects_v2").paginate(Bucket=known["AUDIT_BUCKET"])
    return {item["Key"] for page in pages for item in page.get("Contents", [])}
