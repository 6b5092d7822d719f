"""No kind of alert without a test that causes it, a place in the measured table and a runbook."""

from __future__ import annotations

import ast

from sandbox.home import REPOSITORY
from tests import alerting
from vendor_sync.alerts import AlertKind

KINDS = {str(kind) for kind in AlertKind}
PAGE = (REPOSITORY / "docs" / "alerts.md").read_text()


def _claims(tree):
    """Yield the kinds that a file's tests say they cause; names in them stand for a table."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if node.func.attr != alerting.MARK:
            continue
        first = node.args[0]
        if isinstance(first, ast.Constant):
            yield first.value
        else:
            yield from (
                key.value
                for table in ast.walk(tree)
                if isinstance(table, ast.Dict)
                for key in table.keys
                if isinstance(key, ast.Constant) and key.value in KINDS
            )


def test_each_kind_is_caused_by_a_test():
    files = [*(REPOSITORY / "tests").glob("integration/**/test_*.py")]
    files += (REPOSITORY / "tests").glob("e2e/test_*.py")

    claimed = {kind for file in files for kind in _claims(ast.parse(file.read_text()))}

    assert claimed == KINDS


def _first_columns(lines):
    return [line.split("|")[1].strip(" `") for line in lines if line.startswith("| `")]


def test_the_page_describes_each_kind_and_has_measured_each():
    described, _, measured = PAGE.partition(alerting.BEGIN)
    measured = measured.partition(alerting.END)[0]

    assert set(_first_columns(described.splitlines())) == KINDS
    assert set(_first_columns(measured.splitlines())) == KINDS
    assert all("| 1 | 1 | 1 |" in line for line in measured.splitlines() if "| `" in line)
