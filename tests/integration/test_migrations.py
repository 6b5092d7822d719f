"""The migrations: what they add up to is on file, and applying them twice changes nothing."""

from __future__ import annotations

import os

import pytest

from sandbox.schema import SCHEMA_FILE, dump_schema
from vendor_sync.migrations import migrate

pytestmark = pytest.mark.integration


@pytest.fixture
def untouched(migrated_database):
    """A database that no other test has worked in."""
    with migrated_database(f"schema_{os.getpid()}") as connection:
        yield connection


def test_schema_file_is_what_the_migrations_make(untouched):
    login = f"{untouched.login}:{untouched.password}"
    dsn = f"postgresql://{login}@{untouched.host}:{untouched.port}/{untouched.schema}"

    assert SCHEMA_FILE.read_text() == dump_schema(dsn), "run `make schema` and commit the file"


def test_second_migration_applies_nothing(owned_database):
    assert migrate(owned_database) == []
