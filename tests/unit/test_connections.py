"""Connections from the environment, as Airflow writes them."""

from __future__ import annotations

import pytest

from vendor_sync.connections import connection_from_environment, require_connection
from vendor_sync.errors import ConfigurationError


def test_json_and_uri_mean_the_same(monkeypatch):
    monkeypatch.setenv(
        "AIRFLOW_CONN_ONE",
        '{"conn_type": "postgres", "host": "db", "port": 5433, "login": "u", "password": "p@/w",'
        ' "schema": "w", "extra": "{\\"sslmode\\": \\"require\\"}"}',
    )
    monkeypatch.setenv("AIRFLOW_CONN_TWO", "postgres://u:p%40%2Fw@db:5433/w?sslmode=require")

    one = require_connection(connection_from_environment, "one")
    two = require_connection(connection_from_environment, "two")

    assert one.password == two.password == "p@/w"
    assert (one.host, one.port, one.login, one.schema) == (
        two.host,
        two.port,
        two.login,
        two.schema,
    )
    assert dict(one.extra) == dict(two.extra) == {"sslmode": "require"}


def test_absent_connection_says_where_to_define_it(monkeypatch):
    monkeypatch.delenv("AIRFLOW_CONN_NOWHERE", raising=False)

    with pytest.raises(ConfigurationError, match="AIRFLOW_CONN_NOWHERE"):
        require_connection(connection_from_environment, "nowhere")


@pytest.mark.parametrize("value", ['{"password": "hunter2"', "hunter2", '{"port": "hunter2"}'])
def test_unreadable_connection_is_not_quoted(monkeypatch, value):
    monkeypatch.setenv("AIRFLOW_CONN_BROKEN", value)

    with pytest.raises(ConfigurationError, match="AIRFLOW_CONN_BROKEN") as caught:
        connection_from_environment("broken")

    assert "hunter2" not in str(caught.value)


def test_repr_shows_no_password(monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_ONE", '{"host": "db", "password": "hunter2"}')

    assert "hunter2" not in repr(connection_from_environment("one"))
