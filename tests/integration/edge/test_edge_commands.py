"""What administrators and edges type, as processes of their own."""

from __future__ import annotations

import asyncio
import json
import os
import sys

import pytest

pytestmark = pytest.mark.integration


@pytest.fixture
def command(office, server, shop, tmp_path):
    """Run a command; return its exit code, output and errors."""
    environment = {
        **os.environ,
        "EDGE_GRPC_DSN": office.dsn,
        "EDGE_GRPC_ADMIN_DSN": office.admin_dsn,
        "EDGE_GRPC_KEYS_FILE": str(office.keys_file),
        "EDGE_CLIENT_TARGET": f"127.0.0.1:{server.port}",
        "EDGE_CLIENT_CLIENT_ID": shop.client_id,
        "EDGE_CLIENT_CLIENT_SECRET": shop.client_secret,
        "EDGE_CLIENT_INSECURE": "1",
        "EDGE_CLIENT_DATABASE": str(tmp_path / "edge.sqlite"),
    }

    async def run(module, *arguments, **changes):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", module, *arguments),
            env={**environment, **changes},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        return process.returncode, out.decode(), err.decode()

    return run


async def test_edge_syncs_and_uploads_from_the_command_line(office, shop, command):
    promotion = office.add_promotion(shop)
    office.add_product(shop)

    code, out, err = await command("edge_grpc.client", "sync", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["records"] == 2
    options = ("--brand", shop.brand_id, "--store", shop.store_id)
    added = await command("edge_grpc.client", "usage", "add", promotion, "B001", "12.50", *options)
    assert added[0] == 0
    await command("edge_grpc.client", "usage", "upload")
    _, out, _ = await command("edge_grpc.client", "status", "--json")

    status = json.loads(out)
    assert (status["products"], status["promotions"], status["usages synced"]) == (1, 1, 1)
    assert office.rows(
        "SELECT usage_id::text, discount_amount::float FROM edge.promotion_usages"
    ) == [(added[1].strip(), 12.5)]


@pytest.mark.usefixtures("shop")
async def test_usage_that_head_office_would_refuse_is_refused_where_it_is_typed(command):
    options = ("--brand", "b", "--store", "s")

    early = await command("edge_grpc.client", "usage", "add", "p", "B001", "12.50", *options)
    await command("edge_grpc.client", "sync")
    wrong = {
        amount: await command("edge_grpc.client", "usage", "add", "p", "B001", amount, *options)
        for amount in ("twelve", "Infinity", "0.00001", "1e40")
    }
    _, out, _ = await command("edge_grpc.client", "status", "--json")

    assert (early[0], "sync" in early[2]) == (66, True)
    for amount, (code, _, err) in wrong.items():
        assert (code, f"'{amount}' is no amount" in err) == (2, True)
    assert json.loads(out)["usages pending"] == 0


async def test_preview_counts_what_a_sync_sends(office, shop, command):
    for _ in range(12):
        office.add_promotion(shop)
    office.add_promotion(shop, is_active=False)

    _, now, _ = await command(
        "edge_grpc", "companies", "settings", "preview", shop.company_id, "--json"
    )
    _, then, _ = await command(
        *("edge_grpc", "companies", "settings", "preview", shop.company_id),
        *("include_inactive=true", "max_promotions_per_sync=10", "--json"),
    )
    _, out, _ = await command("edge_grpc.client", "sync", "--json")

    assert json.loads(now)[0]["promotions"] == json.loads(out)["records"] == 12
    assert (json.loads(then)[0]["promotions"], json.loads(then)[0]["pages"]) == (13, 2)


async def test_settings_out_of_range_are_refused_in_words(shop, command):
    show = ("edge_grpc", "companies", "settings")
    code, _, err = await command(*show, "set", shop.company_id, "future_days=91")
    assert (code, "future_days" in err) == (1, True)
    code, _, err = await command(*show, "set", shop.company_id, "futur_days=9")
    assert (code, "No such setting" in err) == (1, True)
    preview = await command(*show, "preview", shop.company_id, "max_promotions_per_sync=0")
    assert (preview[0], "max_promotions_per_sync" in preview[2]) == (1, True)
    code, out, _ = await command(*show, "set", shop.company_id, "future_days=90")
    assert json.loads(out)["future_days"] == 90


async def test_secret_is_shown_once_and_never_listed(shop, command):
    _, out, _ = await command("edge_grpc", "clients", "add", shop.store_id, "--name", "till 2")
    made = json.loads(out)
    _, listed, _ = await command("edge_grpc", "clients", "list", "--json")
    _, rotated, _ = await command("edge_grpc", "clients", "rotate", made["client_id"])
    code, _, _ = await command("edge_grpc", "clients", "revoke", made["client_id"])

    assert len(made["client_secret"]) > 30
    assert made["client_secret"] not in listed + rotated
    assert made["client_id"] in listed
    assert code == 0
    assert (await command("edge_grpc", "clients", "rotate", made["client_id"]))[0] == 1


async def test_server_that_cannot_start_says_everything_that_is_wrong(command):
    wrong = {"EDGE_GRPC_DSN": "", "EDGE_GRPC_WORKERS": "x", "EDGE_GRPC_INSECURE": ""}

    code, _, err = await command("edge_grpc", "serve", **wrong)

    assert code == 1
    for name in ("DSN", "WORKERS", "TLS_CERT_FILE", "TLS_KEY_FILE"):
        assert f"EDGE_GRPC_{name}" in err
    assert "Traceback" not in err


async def test_keys_rotate_without_a_restart(command, session):
    before = (await session.grant()).access_token
    code, out, _ = await command("edge_grpc", "keys", "rotate")
    session.forget_token()
    after = (await session.grant()).access_token

    assert (code, "2 verify" in out) == (0, True)
    assert before.split(".")[0] != after.split(".")[0]
