"""The migrations: what they add up to is on file, and applying them twice changes nothing."""

from __future__ import annotations

import pytest

from sandbox.schema import SCHEMA_FILE, dump_schema
from vendor_sync.migrations import migrate

pytestmark = pytest.mark.integration


def test_schema_file_is_what_the_migrations_make(database):
    dsn = (
        f"postgresql://{database.login}:{database.password}@{database.host}:{database.port}"
        f"/{database.schema}"
    )

    assert SCHEMA_FILE.read_text() == dump_schema(dsn), "run `make schema` and commit the file"


def test_second_migration_applies_nothing(database):
    assert migrate(database) == []
