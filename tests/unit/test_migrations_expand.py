"""Code of the release before runs against the newer schema until the last worker is restarted.

So a migration adds, and takes away nothing that such code names or may leave out. `make
test-older-code` runs older flows for real; this refuses what they cannot survive before it is
merged.
"""

from __future__ import annotations

import re

import pytest

from sandbox.home import REPOSITORY

FILES = sorted((REPOSITORY / "sql" / "migrations").glob("*.sql"))
REFUSED = {
    "drops what older code names": r"\bDROP\s+(TABLE|COLUMN|SCHEMA|VIEW|TYPE)\b",
    "renames what older code names": r"\bRENAME\s+(TO|COLUMN)\b",
    "asks for a value that older code does not give": r"\bSET\s+NOT\s+NULL\b",
    "gives a column another type": r"\bALTER\s+COLUMN\s+\w+\s+(SET\s+DATA\s+)?TYPE\b",
    "adds a column that older code leaves empty": (
        r"\bADD\s+COLUMN\s+\w+\s+(?![^;,]*\bDEFAULT\b)[^;,]*\bNOT\s+NULL\b"
    ),
}


def found_in(text: str) -> list[str]:
    """Return what is wrong with a migration; its comments are not read."""
    bare = re.sub(r"--[^\n]*", "", text)
    return [says for says, form in REFUSED.items() if re.search(form, bare, re.IGNORECASE)]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_migration_takes_nothing_away(file):
    assert found_in(file.read_text()) == []


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("ALTER TABLE ops.sync_runs DROP COLUMN error;", 1),
        ("DROP TABLE ops.sync_pages;", 1),
        ("ALTER TABLE a.b RENAME COLUMN c TO d;", 1),
        ("ALTER TABLE a.b ALTER COLUMN c SET NOT NULL, ALTER COLUMN d TYPE text;", 2),
        ("ALTER TABLE a.b ADD COLUMN c bigint NOT NULL;", 1),
        ("ALTER TABLE a.b ADD COLUMN c bigint NOT NULL DEFAULT 0; -- DROP TABLE later", 0),
        ("ALTER TABLE a.b ADD COLUMN c bigint; CREATE TABLE a.d (e text NOT NULL);", 0),
    ],
)
def test_what_older_code_does_not_survive_is_found(text, number):
    assert len(found_in(text)) == number
