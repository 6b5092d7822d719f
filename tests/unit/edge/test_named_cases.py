"""The cases that the edge service was asked to have, found by their names in the tests.

A name proves no more than that somebody meant the case: what the test does is for its reader.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[2]
PROMOTIONS = (
    "success", "missing_store_id", "missing_company_id", "invalid_store", "strategy_current_only",
    "strategy_include_future", "strategy_all_active", "include_inactive", "incremental_sync",
    "max_limit", "authentication_required",
)  # fmt: skip
# Cases of the system that this one replaces, by the names that they had there.
REPLACED = (
    *(f"test_sync_promotions_{case}" for case in PROMOTIONS),
    *(f"test_sync_categories_{case}" for case in ("success", "missing_company_id")),
    "test_sync_categories_filter_by_brand",
    *(f"test_sync_products_{case}" for case in ("success", "missing_company_id")),
    "test_sync_products_missing_brand_id",
    "test_sync_version_success",
    "test_sync_version_missing_company_id",
    "test_upload_usage_success",
    "test_upload_usage_empty_array",
)
TRAPS = [*(f"T{number}" for number in range(1, 28)), *(f"U{number}" for number in range(1, 11))]


@pytest.fixture(scope="module")
def cases() -> dict[str, str]:
    """Return the edge tests: docstrings by names."""
    found: dict[str, str] = {}
    for path in TESTS.glob("*/edge*/**/test_*.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                found[node.name] = ast.get_docstring(node) or ""
    return found


@pytest.mark.parametrize("name", REPLACED)
def test_case_of_the_replaced_system_exists(cases, name):
    assert name in cases


@pytest.mark.parametrize("number", range(1, 14))
def test_defect_of_the_replaced_system_has_a_test(cases, number):
    assert any(name.startswith(f"test_defect_{number}_") for name in cases)


@pytest.mark.parametrize("trap", TRAPS)
def test_trap_of_syncing_has_a_test(cases, trap):
    said = re.compile(rf"Traps? [^.:]*\b{trap}\b")
    assert any(said.search(docstring) for docstring in cases.values())
