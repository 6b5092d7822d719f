"""Every query of a runbook is one that today's schema answers."""

from __future__ import annotations

import re

import psycopg
import pytest

from vendor_sync.runbooks import runbook_directory

pytestmark = pytest.mark.integration


def test_queries_of_the_runbooks_can_be_asked(db):
    asked = 0
    for page in runbook_directory().glob("*.md"):
        for query in re.findall(r"```sql\n(.*?)```", page.read_text(), re.DOTALL):
            try:
                db.execute(f"EXPLAIN {query}")
            except psycopg.Error as error:
                pytest.fail(f"{page.name}: {error}")
            asked += 1

    assert asked >= 20
