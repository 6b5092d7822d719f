"""The commands that an operator links accounts and stores with."""

from __future__ import annotations

import json

import pytest
from cryptography.fernet import Fernet
from typer.testing import CliRunner

from sandbox.vendors.control import DEFAULT_KEYS
from tests.integration.ad_analytics.company import Company
from tests.integration.ad_analytics.linking import Office, secrets
from vendor_sync.ad_analytics.tokens import KEYS_VARIABLE
from vendor_sync.cli.app import app

pytestmark = pytest.mark.integration
OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
TOKEN = {"access_token": DEFAULT_KEYS["tiktok"]}


@pytest.fixture
def company(vendors, warehouse, connections, monkeypatch):
    """A world that nobody is linked with but the operator's commands."""
    monkeypatch.setenv(KEYS_VARIABLE, OLD)
    vendors.faults.clear()
    company = Company(
        vendors, warehouse, connections, seed=7, workspaces=1, campaigns=1, orders=1,
        start="2026-03-01", now="2026-03-20T10:00:00+00:00",
    )  # fmt: skip
    Office(company)
    company.conn.execute("DELETE FROM analytics.workspaces")
    yield company
    vendors.faults.clear()


@pytest.fixture
def run(company, monkeypatch):
    """A function that runs a command with credentials on standard input, and sees no secret."""
    for name, value in company.environment().items():
        monkeypatch.setenv(name, value)

    def run(*words, secret=None, **environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        done = CliRunner().invoke(app, [str(word) for word in words], input=json.dumps(secret))
        shown = done.output + done.stderr
        assert not [each for each in secrets() if each in shown]
        return done

    return run


def account_of(company, platform="tiktok"):
    return next(each for each in company.world.accounts if each.platform == platform)


def test_an_operator_links_verifies_disables_and_rotates(company, run):
    account = account_of(company)
    url = f"base_url={company.vendors.vendor_url('tiktok')}"

    number = run(
        "workspace", "add", "Acme", "--timezone", "Asia/Riyadh", "--currency", "SAR"
    ).stdout.strip()
    where = ("account", "add", "--workspace", number, "tiktok", account.account_id)
    refused = run(*where, "Acme ads", "--setting", url, secret={"access_token": "wrong-12345"})
    added = run(*where, "--setting", url, secret=TOKEN)
    connection = added.stdout.strip()
    verified = run("account", "verify", connection)
    rotated = run("keys", "rotate", **{KEYS_VARIABLE: f"{NEW},{OLD}"})
    again = run("account", "verify", connection, **{KEYS_VARIABLE: NEW})
    wrong = run("store", "add", "--workspace", number, "tiktok", "1", secret=TOKEN)
    listed = json.loads(run("account", "list", "--workspace", number, "--json").stdout)
    disabled = run("account", "disable", connection)

    assert refused.exit_code == 78
    assert account.account_id in refused.stderr
    assert added.exit_code == 0, added.stderr
    assert verified.stdout.strip() == f"{account.name}: {account.currency}, {account.timezone}"
    assert "1 credentials encrypted" in rotated.stdout
    assert again.stdout == verified.stdout
    assert wrong.exit_code == 78
    assert "is not one of shopify" in wrong.stderr
    assert [(each["name"], each["status"]) for each in listed] == [(account.name, "active")]
    assert disabled.exit_code == 0
    assert company.rows("SELECT status FROM analytics.connections") == [("disabled",)]


def test_a_vendor_that_is_down_a_new_login_and_a_whole_workspace(company, run, monkeypatch):
    account = account_of(company)
    # The address comes from the vendor's connection: nobody has to repeat it.
    host = company.vendors.vendor_url("tiktok")
    monkeypatch.setenv("AIRFLOW_CONN_TIKTOK_DEFAULT", json.dumps({"conn_type": "x", "host": host}))
    place = ("--timezone", "Asia/Riyadh", "--currency", "SAR")
    number = run("workspace", "add", "Acme", *place).stdout.strip()
    company.vendors.faults.add("status", "tiktok", status=503)
    where = ("account", "add", "--workspace", number, "tiktok", account.account_id)

    down = run(*where, secret=TOKEN)
    unasked = run(*where, "--no-verify", "--json", secret=TOKEN)
    listed = json.loads(run("account", "list", "--json").stdout)
    company.vendors.faults.clear()
    connection = json.loads(unasked.stdout)["connection_id"]
    renewed = run("account", "reauth", connection, secret=TOKEN)
    run("account", "disable", connection)
    enabled = run("account", "enable", connection)
    good = run("workspace", "verify", number)
    company.vendors.faults.add("status", "tiktok", status=503)
    bad = run("workspace", "verify", number)
    stopped = run("workspace", "disable", number)

    assert down.exit_code == 75
    assert "--no-verify" in down.stderr
    assert json.loads(unasked.stdout)["verified"] is False
    assert [each["status"] for each in listed] == ["active, not verified"]
    assert renewed.stdout.strip() == f"{account.name}: {account.currency}, {account.timezone}"
    assert [enabled.exit_code, good.exit_code, bad.exit_code] == [0, 0, 1]
    assert account.name in good.stdout
    assert stopped.exit_code == 0
    workspace = json.loads(run("workspace", "list", "--json").stdout)[0]
    assert (workspace["linked"], workspace["active"]) == (1, 0)


def test_a_workspace_that_is_added_again_has_its_figures_made_anew_if_they_change(run, company):
    settings = ["workspace", "add", "Acme", "--timezone", "Asia/Riyadh", "--currency"]

    first = run(*settings, "SAR")
    same = run(*settings, "SAR")
    changed = run(*settings, "USD", "--model", "linear", "--model", "last_click")
    wrong = run(*settings, "XYZ")

    assert first.stdout == same.stdout == changed.stdout
    assert company.rows(
        "SELECT reporting_currency, attribution_models FROM analytics.workspaces"
    ) == [("USD", ["linear", "last_click"])]
    assert wrong.exit_code == 78
    assert "ISO 4217" in wrong.stderr


def test_help_says_what_each_vendor_wants(run):
    helps = [run(kind, "--help").stdout for kind in ("account", "store")]

    for words in ("snapchat", "ads_read", "extra.app_secret"):
        assert words in helps[0]
    for words in ("extra.consumer_secret", "extra.manager_token", "offline_access"):
        assert words in helps[1]
