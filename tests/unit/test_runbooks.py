"""A runbook a kind of alert, whose commands exist and whose words are those of the product."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest
import typer
import yaml

from edge_grpc import __main__ as edge_cli
from edge_grpc.client import __main__ as edge_client
from sandbox.home import REPOSITORY
from vendor_sync.alerts import AlertKind
from vendor_sync.cli.app import app as flows
from vendor_sync.runbooks import runbook_directory, runbook_url

SECTIONS = ["What it means", "What to look at", "What to do", "How it closes"]
PAGES = sorted(runbook_directory().glob("*.md"))
APPS = {
    "vendor_sync": flows,
    "edge_grpc": edge_cli.app,
    "edge_grpc.client": edge_client.app,
}


def spans(text):
    """Return the code of a page: each line of a block, and each inline span as one line."""
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    inline = re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    return lines + [" ".join(span.split()) for span in inline]


def parse(module, words):
    """Let the command line read the words, without doing anything."""
    command: Any = typer.main.get_command(APPS[module])
    context = command.make_context(module, [], resilient_parsing=True)
    while hasattr(command, "resolve_command"):
        name, found, words = command.resolve_command(context, words)
        assert found is not None, name
        command = found
        context = command.make_context(name, list(words), parent=context, resilient_parsing=True)
    unknown = [word for word in words if word.startswith("--")]
    known = [name for option in command.params for name in [*option.opts, *option.secondary_opts]]
    assert set(unknown) <= set(known), unknown
    required = [each for each in command.params if each.param_type_name == "argument"]
    assert len(words) >= len([each for each in required if each.required])


def test_each_kind_has_one():
    assert {page.stem for page in PAGES} == {"README", *map(str, AlertKind)}
    listed = re.findall(
        r"^\| \[(\w+)\]\(\1\.md\)", (PAGES[0].parent / "README.md").read_text(), re.MULTILINE
    )
    assert sorted(listed) == sorted(AlertKind)


@pytest.mark.parametrize("kind", AlertKind)
def test_it_says_what_is_needed_at_night(kind):
    text = (runbook_directory() / f"{kind}.md").read_text()

    assert text.startswith("# ")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS
    parts = re.split(r"^## .+$", text, flags=re.MULTILINE)[1:]
    assert all(len(part.split()) >= 6 for part in parts)
    assert "```sql" in text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_its_commands_exist(page):
    compose = yaml.safe_load((REPOSITORY / "docker-compose.yaml").read_text())
    for span in spans(page.read_text()):
        for module, words in re.findall(
            r"python -m (vendor_sync|edge_grpc(?:\.client)?) ?(.*)", span
        ):
            if words:
                parse(module, shlex.split(words))
        found = re.match(r"docker compose (?:exec|ps|logs|up)(.*)", span)
        for word in shlex.split(found[1])[:2] if found else []:
            if re.fullmatch(r"(?:airflow|edge|postgres|redis)[-\w]*", word):
                assert word in compose["services"], span


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_it_names_what_is_there(page):
    text = page.read_text()

    for file in re.findall(r"`(docs/[\w./-]+)`", text):
        assert (REPOSITORY / file).is_file(), file
    for dag in re.findall(r"`((?:trackier|ad_analytics|broadstreet|edge|fx)_\w+)`", text):
        assert (
            dag.endswith("_default")
            or dag == "broadstreet_mongo"
            or (REPOSITORY / "dags" / f"{dag}.py").is_file()
        ), dag


def test_its_address_is_the_sync_centers_unless_it_is_set(monkeypatch):
    monkeypatch.delenv("VENDOR_SYNC_RUNBOOKS_URL", raising=False)
    monkeypatch.delenv("AIRFLOW__API__BASE_URL", raising=False)
    assert runbook_url("memory") is None

    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example.com/")
    assert runbook_url("memory") == "https://airflow.example.com/sync-center/runbooks/memory"

    monkeypatch.setenv("VENDOR_SYNC_RUNBOOKS_URL", "https://wiki.example.com/runbooks")
    assert runbook_url("memory") == "https://wiki.example.com/runbooks/memory"


def test_its_files_are_where_the_setting_says(monkeypatch, tmp_path):
    monkeypatch.setenv("VENDOR_SYNC_RUNBOOKS_DIRECTORY", str(tmp_path))

    assert runbook_directory() == tmp_path
