"""A MongoDB database of this worker's own, in the form that the flows need."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from vendor_sync import mongo
from vendor_sync.broadstreet import schema
from vendor_sync.connections import connection_from_environment


@pytest.fixture(scope="session")
def mongo_connection(worker):
    """The connection `broadstreet_mongo`, with a database that goes away at the end."""
    found = connection_from_environment("broadstreet_mongo")
    assert found, "broadstreet_mongo is not set: run the tests with `make test ARGS='...'`"
    connection = replace(found, schema=f"test_{os.getpid()}_{worker}")
    with mongo.connect(connection) as db:
        schema.apply(db)
        yield connection
        db.client.drop_database(db.name)


@pytest.fixture
def mongo_db(mongo_connection):
    """The same, opened and empty."""
    with mongo.connect(mongo_connection) as db:
        for name in schema.COLLECTIONS:
            db[name].delete_many({})
        yield db
