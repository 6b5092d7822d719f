"""What an archived page may be called, whatever a run is called."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vendor_sync.audit import safe_name


@pytest.mark.parametrize(
    ("run_id", "name"),
    [
        ("manual__2026-01-01T00:00:00+00:00", "manual__2026-01-01T00_00_00_00_00"),
        ("..", "_"),
        (".", "_"),
        ("", "_"),
        ("../../other/flow", ".._.._other_flow"),
        ("a\x00b\nc", "a_b_c"),
        ("..\\..\\windows", ".._.._windows"),
        ("%2e%2e%2f", "_2e_2e_2f"),
    ],
)
def test_run_is_one_part_of_a_key(run_id, name):
    assert safe_name(run_id) == name


@given(st.text())
def test_no_run_leaves_its_flows_prefix(run_id):
    parts = PurePosixPath(f"flow/{safe_name(run_id)}/01-1.json.gz").parts

    assert len(parts) == 3
    assert ".." not in parts
