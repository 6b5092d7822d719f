"""What the documents say about the code, where that can be checked."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from edge_grpc.settings import ADMIN_DSN, PREFIX, Settings
from vendor_sync.broadstreet.import_settings import ImportParams
from vendor_sync.broadstreet.settings import BroadstreetSettings
from vendor_sync.cli.output import (
    EXIT_CONFIGURATION,
    EXIT_FAILED,
    EXIT_SKIPPED,
    EXIT_TEMPORARY,
)
from vendor_sync.trackier.settings import TrackierParams, TrackierSettings

REPOSITORY = Path(__file__).resolve().parents[2]
README = (REPOSITORY / "README.md").read_text()
DOCUMENTS = [
    *(REPOSITORY / name for name in ("README.md", "CHANGELOG.md")),
    *sorted((REPOSITORY / "docs").glob("**/*.md")),
]


def anchors(text):
    """Return the anchors of a document's headings, as they are made from the words."""
    headings = re.findall(r"(?m)^#+ (.+)$", text)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def first_cells(text, heading):
    """Return the first cell of each row of the table under a header line."""
    table = text.partition(heading)[2].partition("\n\n")[0].splitlines()[2:]
    return [row.split("|")[1].strip() for row in table]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_links_lead_somewhere(document):
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text()):
        if target.startswith("http"):
            continue
        name, _, anchor = target.partition("#")
        file = document.parent / name if name else document
        assert file.exists(), target
        if anchor:
            assert anchor in anchors(file.read_text()), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_named_make_targets_exist(document):
    targets = set(re.findall(r"(?m)^([a-z-]+):", (REPOSITORY / "Makefile").read_text()))
    named = re.findall(r"(?m)(?:`|^)make ([a-z-]+)", document.read_text())

    assert set(named) <= targets


def test_readme_names_the_test_command_of_ci():
    assert re.search(r"(?m)^make test\b", README)
    assert "make test" in (REPOSITORY / ".ci/run").read_text()


def test_readme_lists_every_setting_of_the_trackier_connection():
    rows = first_cells(README, "| extra | default | meaning |")
    listed = re.findall(r"`(\w+)`", " ".join(rows))

    assert sorted(listed) == sorted(field.name for field in fields(TrackierSettings))
    for name in ("requests_per_second", "workers", "group_size", "concurrency", "batch_size"):
        assert f"| `{name}` | {getattr(TrackierSettings(), name)} |" in README


def test_readme_lists_every_variable_of_the_flows():
    rows = first_cells(README, "| variable | default | meaning |")
    listed = set(re.findall(r"`(\w+)`", " ".join(rows)))

    sources = (REPOSITORY / "plugins").glob("**/*.py")
    read = {
        name for file in sources for name in re.findall(r'"(VENDOR_SYNC_\w+)"', file.read_text())
    }
    assert listed == read


def test_operations_page_lists_every_setting_of_the_edge_service():
    page = (REPOSITORY / "docs/operations.md").read_text().partition("### Its settings")[2]
    rows = first_cells(page, "| variable | default | meaning |")
    listed = re.findall(r"`(\w+)`", " ".join(rows))

    known = [ADMIN_DSN, *(PREFIX + name.upper() for name in Settings.model_fields)]
    assert sorted(listed) == sorted(known)


def test_flow_page_lists_every_parameter():
    page = (REPOSITORY / "docs/trackier.md").read_text()
    rows = first_cells(page, "| parameter | default | effect |")

    assert [row.strip("`") for row in rows] == [field.name for field in fields(TrackierParams)]


def test_import_page_lists_every_parameter_and_setting():
    page = (REPOSITORY / "docs/broadstreet-import.md").read_text()
    params = first_cells(page, "| parameter | default | effect |")
    settings = " ".join(first_cells(page, "| setting | default | meaning |"))

    assert [row.strip("`") for row in params] == [field.name for field in fields(ImportParams)]
    listed = re.findall(r"`(\w+)`", settings)
    assert sorted(listed) == sorted(field.name for field in fields(BroadstreetSettings))


def test_readme_lists_the_exit_codes():
    rows = first_cells(README, "| exit code | meaning |")

    ours = {EXIT_FAILED, EXIT_SKIPPED, EXIT_TEMPORARY, EXIT_CONFIGURATION}
    assert {int(row) for row in rows} == {0, 2} | ours


def test_every_decision_is_in_the_index():
    folder = REPOSITORY / "docs/decisions"
    index = (folder / "README.md").read_text()

    notes = [note.name for note in folder.glob("[0-9]*.md")]
    assert [name for name in notes if f"({name})" not in index] == []


def test_connections_of_the_compose_file_are_in_the_readme():
    rows = first_cells(README, "| connection | type | fields | extras | used for |")
    compose = (REPOSITORY / "docker-compose.yaml").read_text()

    named = {name.lower() for name in re.findall(r"(?m)^ +AIRFLOW_CONN_(\w+):", compose)}
    assert {row.strip("`") for row in rows} == named
