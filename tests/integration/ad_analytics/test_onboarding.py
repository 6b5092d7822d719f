"""The commands that an operator links accounts and stores with, in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from cryptography.fernet import Fernet

from tests.integration.ad_analytics.company import Company
from vendor_sync.ad_analytics.tokens import KEYS_VARIABLE

pytestmark = pytest.mark.integration
OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@pytest.fixture
def company(vendors, warehouse, connections, monkeypatch):
    """A world that nobody is linked with but the operator's commands."""
    monkeypatch.setenv(KEYS_VARIABLE, OLD)
    company = Company(
        vendors, warehouse, connections, seed=7, workspaces=1, campaigns=1, orders=1,
        start="2026-03-01", now="2026-03-20T10:00:00+00:00",
    )  # fmt: skip
    company.conn.execute("DELETE FROM analytics.connections")
    company.conn.execute("DELETE FROM analytics.workspaces")
    return company


def test_an_operator_links_verifies_disables_and_rotates(company):
    def run(*arguments, **environment):
        return subprocess.run(
            [sys.executable, "-m", "vendor_sync", *arguments],
            env={**os.environ, **company.environment(), **environment},
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    account = next(each for each in company.world.accounts if each.platform == "tiktok")
    url = company.vendors.vendor_url("tiktok")
    secret = {
        "VENDOR_SYNC_CREDENTIALS": json.dumps({"access_token": "sandbox-tiktok-8e02c5a7f913"})
    }

    workspace = run("workspace", "add", "Acme", "--timezone", "Asia/Riyadh", "--currency", "SAR")
    number = workspace.stdout.strip()
    added = run(
        "account", "add", "--workspace", number, "tiktok", account.account_id, "Acme ads",
        "--setting", f"base_url={url}", **secret,
    )  # fmt: skip
    connection = added.stdout.strip()
    verified = run("account", "verify", connection)
    rotated = run("keys", "rotate", **{KEYS_VARIABLE: f"{NEW},{OLD}"})
    again = run("account", "verify", connection, **{KEYS_VARIABLE: NEW})
    disabled = run("account", "disable", connection)
    wrong = run("store", "add", "--workspace", number, "tiktok", "1", "x", **secret)

    assert [workspace.returncode, added.returncode] == [0, 0], added.stderr
    assert verified.stdout.strip() == f"{account.name}: {account.currency}, {account.timezone}"
    assert "1 credentials encrypted" in rotated.stdout
    assert again.stdout == verified.stdout
    assert disabled.returncode == 0
    assert company.rows("SELECT status FROM analytics.connections") == [("disabled",)]
    assert wrong.returncode != 0
    assert "is not one of shopify" in wrong.stderr + wrong.stdout
    texts = [each.stdout + each.stderr for each in (added, verified, rotated, wrong)]
    assert not [text for text in texts if "sandbox-tiktok" in text]
