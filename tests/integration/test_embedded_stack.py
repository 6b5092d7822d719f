"""The embedded stack as its user sees it: real servers, started, killed, started again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pymongo
import pytest
import redis

from sandbox.home import REPOSITORY, Home
from tests.airflow_user import storage

pytestmark = pytest.mark.integration
SERVICES = ("postgres", "mongo", "s3", "redis", "smtp")
INTERRUPTED = 130


def sandbox(home: Home, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv(home, command, *arguments),
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def argv(home: Home, command: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "sandbox", command, "--home", str(home.root), *arguments]


def up(home: Home, *arguments: str) -> None:
    result = sandbox(home, "up", "--only", "services", *arguments)
    assert result.returncode == 0, result.stdout + result.stderr


@contextmanager
def stack(root: Path) -> Iterator[Home]:
    home = Home(root)
    try:
        yield home
    finally:
        sandbox(home, "down")
        assert not processes_of(home)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    with stack(tmp_path_factory.mktemp("shared")) as home:
        yield home


@pytest.fixture
def running(shared: Home) -> Home:
    up(shared)
    return shared


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Home]:
    with stack(tmp_path / "other") as home:
        yield home


def processes_of(home: Home) -> set[int]:
    """Find what runs for this home, whatever was recorded: its path is in arguments or settings."""
    marker, found = str(home.root).encode(), set()
    for entry in Path("/proc").iterdir():
        try:
            text = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
        except OSError:
            continue
        if marker in text and int(entry.name) != os.getpid():
            found.add(int(entry.name))
    return found


def recorded(home: Home) -> dict[str, int]:
    return {
        file.stem: json.loads(file.read_text())["pid"]
        for file in home.record("x").parent.glob("*.json")
    }


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def settings(home: Home) -> dict[str, str]:
    show = "import json, os; print(json.dumps({**os.environ}))"
    command = ["/bin/sh", "-c", '. "$0" && exec "$1" -c "$2"', home.env_file, sys.executable, show]
    return json.loads(subprocess.check_output(command, text=True))


def write_everywhere(env: dict[str, str], value: str) -> None:
    with psycopg.connect(env["WAREHOUSE_DSN"]) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (value text)")
        connection.execute("INSERT INTO kept VALUES (%s)", [value])
    mongo: pymongo.MongoClient[dict[str, str]] = pymongo.MongoClient(env["MONGO_URI"])
    with mongo:
        mongo.test.kept.insert_one({"value": value})
    storage(env).put_object(Bucket=env["AUDIT_BUCKET"], Key=value, Body=value.encode())
    with redis.Redis.from_url(env["REDIS_URL"]) as client:
        client.set(value, value)


def is_kept_everywhere(env: dict[str, str], value: str) -> bool:
    with psycopg.connect(env["WAREHOUSE_DSN"]) as connection:
        row = connection.execute("SELECT value FROM kept WHERE value = %s", [value]).fetchone()
    mongo: pymongo.MongoClient[dict[str, str]] = pymongo.MongoClient(env["MONGO_URI"])
    with mongo:
        document = mongo.test.kept.find_one({"value": value})
    body = storage(env).get_object(Bucket=env["AUDIT_BUCKET"], Key=value)["Body"].read()
    with redis.Redis.from_url(env["REDIS_URL"]) as client:
        cached = client.get(value)
    return bool(row and document) and body == cached == value.encode()


def test_up_and_down_may_be_repeated(running: Home) -> None:
    before = recorded(running)

    again = sandbox(running, "up", "--only", "services")

    assert "Already up" in again.stdout
    assert recorded(running) == before
    assert sandbox(running, "status").returncode == 0
    assert "Stopped" in sandbox(running, "down").stdout
    assert not processes_of(running)
    assert sandbox(running, "down").returncode == 0


def test_secrets_are_readable_by_their_owner_only(running: Home) -> None:
    assert running.env_file.stat().st_mode & 0o777 == 0o600
    assert running.state_file.stat().st_mode & 0o777 == 0o600


def test_servers_refuse_strangers(running: Home) -> None:
    env = settings(running)
    stranger = {**env, "AWS_ACCESS_KEY_ID": "stranger"}

    with pytest.raises(redis.AuthenticationError):
        redis.Redis.from_url(env["REDIS_URL"].replace("://:", "://:not")).ping()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(env["WAREHOUSE_DSN"], password="wrong")
    with pytest.raises(Exception, match="InvalidAccessKeyId"):
        storage(stranger).list_buckets()


def test_a_killed_part_is_started_again_and_has_lost_nothing(running: Home) -> None:
    env, before = settings(running), recorded(running)
    write_everywhere(env, "one-part-killed")

    for name in SERVICES:
        os.kill(before[name], signal.SIGKILL)
    wait_until(lambda: all(recorded(running).get(name) != before[name] for name in SERVICES))
    wait_until(lambda: sandbox(running, "status").returncode == 0)

    assert is_kept_everywhere(env, "one-part-killed")
    assert recorded(running)["supervisor"] == before["supervisor"]


def test_everything_killed_is_recovered_by_the_next_up(running: Home) -> None:
    env = settings(running)
    write_everywhere(env, "everything-killed")

    pids = recorded(running)
    for name in ("supervisor", *SERVICES):
        os.kill(pids[name], signal.SIGKILL)
    up(running)

    assert settings(running) == env
    assert is_kept_everywhere(env, "everything-killed")


def test_a_killed_supervisor_leaves_parts_that_the_next_up_replaces(running: Home) -> None:
    pids = recorded(running)

    os.kill(pids["supervisor"], signal.SIGKILL)
    up(running)

    now = recorded(running)
    assert not set(pids.values()) & set(now.values())
    assert not {pids[name] for name in SERVICES} & processes_of(running)


def test_two_stacks_run_at_once_and_a_busy_port_is_exchanged(running: Home, other: Home) -> None:
    env = settings(running)
    busy = json.loads(running.state_file.read_text())["ports"]["postgres"]

    up(other, "--ports-from", str(busy))

    ports = json.loads(other.state_file.read_text())["ports"]
    assert busy not in ports.values()
    write_everywhere(settings(other), "other")
    assert is_kept_everywhere(settings(other), "other")
    assert sandbox(running, "status").returncode == 0
    assert settings(running) == env
    with psycopg.connect(env["WAREHOUSE_DSN"]) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (value text)")
        assert not connection.execute("SELECT FROM kept WHERE value = 'other'").fetchall()


def test_a_part_that_cannot_start_is_explained_and_nothing_is_left(other: Home) -> None:
    other.create()
    other.data("mongo").write_text("in the way")

    result = sandbox(other, "up", "--only", "services")

    assert result.returncode == 1
    assert "mongo" in result.stderr
    assert not processes_of(other)


def test_interrupted_up_leaves_nothing(other: Home) -> None:
    command = argv(other, "up", "--only", "services")
    with subprocess.Popen(command, cwd=REPOSITORY, stderr=subprocess.PIPE) as child:
        wait_until(lambda: {"mongo", "redis"} <= set(recorded(other)))
        child.send_signal(signal.SIGINT)

        assert child.wait(30) == INTERRUPTED
    assert not processes_of(other)


def test_exec_forwards_the_exit_code(shared: Home) -> None:
    sandbox(shared, "down")

    result = sandbox(shared, "exec", "--only", "services", "--", "sh", "-c", "exit 7")

    assert result.returncode == 7, result.stderr
    assert not processes_of(shared)


def test_interrupted_exec_passes_it_on_and_leaves_nothing(shared: Home, tmp_path: Path) -> None:
    sandbox(shared, "down")
    note = tmp_path / "note"
    script = (
        f"trap 'echo interrupted > {note}; exit 3' INT; : > {note}; while :; do sleep 0.1; done"
    )
    command = argv(shared, "exec", "--only", "services", "--", "sh", "-c", script)

    with subprocess.Popen(
        command, cwd=REPOSITORY, stderr=subprocess.PIPE, start_new_session=True
    ) as child:
        wait_until(note.exists)
        child.send_signal(signal.SIGINT)
        assert child.wait(30) == 3

    assert note.read_text() == "interrupted\n"
    assert not processes_of(shared)


def test_exec_leaves_a_stack_that_was_up_before(running: Home) -> None:
    before = recorded(running)

    result = sandbox(running, "exec", "--only", "services", "--", "printenv", "WAREHOUSE_DSN")

    assert result.stdout.strip() == settings(running)["WAREHOUSE_DSN"]
    assert recorded(running) == before


def test_a_reused_pid_is_never_killed(other: Home) -> None:
    other.create()
    with subprocess.Popen(["/bin/sleep", "60"], start_new_session=True) as stranger:
        for name in ("supervisor", "redis"):
            other.record(name).parent.mkdir(exist_ok=True)
            other.record(name).write_text(json.dumps({"pid": stranger.pid, "born": "earlier"}))

        assert sandbox(other, "down").returncode == 0

        assert stranger.poll() is None
        stranger.kill()


def test_reset_forgets_the_data(other: Home) -> None:
    up(other)
    write_everywhere(settings(other), "forgotten")

    assert sandbox(other, "reset").returncode == 0

    assert not other.data("postgres").exists()
    assert not other.state_file.exists()
    assert not processes_of(other)
