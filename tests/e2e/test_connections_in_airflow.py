"""Our connection types in Airflow: their forms through its API, and what "Test" answers."""

from __future__ import annotations

import json

import pytest

from sandbox.vendors.control import DEFAULT_KEYS
from tests.connections import SEED, SIZE, elsewhere, filled_in, secrets_of, wrong_key
from vendor_sync.connections import connection_from_fields
from vendor_sync_provider.forms import FORMS

pytestmark = pytest.mark.airflow


@pytest.fixture
def connections(airflow):
    """A connection of each type to this stack's own sandbox."""
    redis = json.loads(airflow.variables["AIRFLOW_CONN_ANALYTICS_REDIS"])
    keys = DEFAULT_KEYS | json.loads(airflow.variables["VENDOR_SANDBOX_KEYS"])
    airflow.vendors.reset(SEED, ad_world=SIZE)
    return filled_in(airflow.vendors, connection_from_fields("analytics_redis", redis), keys)


@pytest.fixture
def press_test(airflow):
    """A function that tests a connection as the button of the form does."""

    def press(connection):
        body = {
            "connection_id": f"tried_{connection.conn_type}",
            "conn_type": connection.conn_type,
            "host": connection.host,
            "login": connection.login,
            "password": connection.password,
            "port": connection.port,
            "extra": json.dumps(dict(connection.extra)),
        }
        answer = airflow.call("POST", "/connections/test", body)
        assert [each for each in secrets_of(connection) if each in answer["message"]] == []
        return answer["status"], answer["message"]

    return press


def test_each_type_has_its_form(airflow):
    forms = {each["connection_type"]: each for each in airflow.forms()}

    for form in FORMS:
        found = forms[form.conn_type]
        assert found["hook_name"] == form.title
        assert (found["extra_fields"] or {}).keys() == {field.name for field in form.fields}
        shown = found["standard_fields"]
        for name in ("host", "login", "password", "port"):
            if name in form.labels:
                assert shown[name]["title"] == form.labels[name]
                assert not shown[name]["hidden"]
                assert shown[name]["placeholder"] == form.placeholders.get(name)
            else:
                assert shown[name]["hidden"], (form.conn_type, name)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.conn_type)
def test_the_button_tells_what_is_right_and_what_is_wrong(connections, press_test, form):
    works, says = press_test(connections[form.conn_type])
    away, tells = press_test(elsewhere(connections[form.conn_type]))

    assert works, says
    assert not away
    assert "reached at 127.0.0.1" in tells or "did not take" in tells
    if "password" in form.labels:
        refused, why = press_test(wrong_key(connections[form.conn_type]))
        assert not refused
        assert "refuses" in why or "HTTP 403" in why
