"""Tenants as an operator adds and changes them, by the commands and by the functions below them."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.environment import connection_variables
from vendor_sync.cli.app import app
from vendor_sync.errors import ConfigurationError
from vendor_sync.postgres import connect
from vendor_sync.trackier.tenants import Tenant, add_tenant, change_tenant, get_tenant

pytestmark = pytest.mark.integration


@pytest.fixture
def warehouse(db, database):
    del db
    with connect(database, application_name="test") as conn:
        yield conn


@pytest.fixture
def command(warehouse, database, monkeypatch):
    """A function that runs a command in this process."""
    del warehouse
    for name, value in connection_variables({"warehouse_postgres": database}).items():
        monkeypatch.setenv(name, value)
    return lambda *words: CliRunner().invoke(app, ["tenant", *words])


def test_an_operator_adds_changes_and_lists_tenants(command):
    added = command(
        "add", "Deals & Co", "--email", "a@deals.example", "--external-ref", "ref-1",
        "--share", "37.5", "--domain", "Deals.Example.com",
    )  # fmt: skip
    changed = command("change", added.stdout.strip(), "--share", "40%", "--external-ref", "")

    assert [added.exit_code, changed.exit_code] == [0, 0]
    assert json.loads(command("list", "--json").stdout) == [
        {
            "id": int(added.stdout), "name": "Deals & Co", "email": "a@deals.example",
            "external_ref": None, "trackier_pid": None, "default_share_pct": "40.00",
            "custom_domain": "deals.example.com",
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"name": "  "}, "name"),
        ({"email": "a@b"}, "e-mail"),
        ({"external_ref": " "}, "external reference"),
        ({"default_share_pct": Decimal("100.01")}, "share"),
        ({"default_share_pct": Decimal("33.333")}, "share"),
        ({"custom_domain": "https://deals.example"}, "domain"),
    ],
)
def test_what_cannot_be_right_is_refused(warehouse, wrong, says):
    with pytest.raises(ConfigurationError, match=f"(?i){says}"):
        add_tenant(warehouse, Tenant(**({"name": "Acme"} | wrong)))

    assert warehouse.execute("SELECT count(*) FROM affiliate.tenants").fetchone() == (0,)


def test_share_that_is_no_number_is_refused_with_the_way_to_write_it(command):
    done = command("add", "Acme", "--share", "NaN")

    assert done.exit_code == 78
    assert "37.5" in done.output


def test_what_ties_a_tenant_to_a_publisher_belongs_to_one_tenant(warehouse):
    known: dict[str, Any] = {
        "email": "a@deals.example", "external_ref": "ref-1", "custom_domain": "d.example",
    }  # fmt: skip
    first = add_tenant(warehouse, Tenant(name="First", **known))
    second = add_tenant(warehouse, Tenant(name="Second"))

    for name, value in known.items():
        same: dict[str, Any] = {name: value}
        with pytest.raises(ConfigurationError, match="First"):
            add_tenant(warehouse, Tenant(name="Third", **same))
        with pytest.raises(ConfigurationError, match="First"):
            change_tenant(warehouse, Tenant(name="Second", tenant_id=second, **same))
    with pytest.raises(ConfigurationError, match="First"):
        add_tenant(warehouse, Tenant(name="Third", email="A@Deals.example"))
    change_tenant(warehouse, Tenant(name="First again", tenant_id=first, **known))

    assert get_tenant(warehouse, first).name == "First again"
    with pytest.raises(ConfigurationError, match="no tenant"):
        change_tenant(warehouse, Tenant(name="None", tenant_id=999_999))
