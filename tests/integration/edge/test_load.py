"""The load of `make load`, short and without Airflow: it counts right, and a broken gate fails."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from contextlib import asynccontextmanager
from uuid import UUID

import grpc
import pytest

from benchmarks.load.figures import CALLS, PUSH
from benchmarks.load.samples import settled, slope
from benchmarks.load.timed import Recorder, TimedSession
from edge_grpc.admin import ClientAdmin
from edge_grpc.database import opened
from edge_grpc.v1 import sync_pb2 as sync
from tests.integration.edge.conftest import credentials

pytestmark = pytest.mark.integration
CLIENTS = 4
SECONDS = 3


@asynccontextmanager
async def loading(office, tmp_path):
    """The tool at work; ends when the block has ended and it has, too."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.load", "--no-flows"),
        *("--minutes", str(SECONDS / 60), "--clients", str(CLIENTS)),
        *("--change-seconds", "0.3", "--upload-seconds", "0.5"),
        *("--folder", str(tmp_path / "edges"), "--json", str(tmp_path / "load.json")),
        env={**os.environ, "WAREHOUSE_DSN": office.owner_dsn, "EDGE_GRPC_DSN": office.dsn},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_short_load_keeps_every_gate(office, tmp_path):
    async with loading(office, tmp_path) as process:
        said, _ = await process.communicate()

    assert process.returncode == 0, said.decode()
    found = json.loads((tmp_path / "load.json").read_text())["load"]
    calls = found["edges"]["calls"]
    assert {*CALLS, PUSH} - {"RefreshToken"} <= calls.keys()
    assert found["truth"]["usages_stored"] == found["truth"]["usages_made"] > 0
    assert found["truth"]["usages_stored"] == office.value(
        "SELECT count(*) FROM edge.promotion_usages"
    )
    assert found["truth"]["edges"] == CLIENTS
    assert found["edges"]["changes"] > 0
    assert found["memory"]["parts"]["edge"]["mib_most"] > 0
    assert found["memory"]["parts"]["generator"]["cpu_cores"] > 0
    assert not (tmp_path / "edges").exists()


async def test_loss_and_refusal_break_their_gates(office, tmp_path):
    """A usage vanishes from the table, and a store is shut out while it works."""
    async with loading(office, tmp_path) as process:
        while not office.value("SELECT count(*) FROM edge.promotion_usages"):
            assert process.returncode is None
            await asyncio.sleep(0.05)
        async with opened(office.admin_dsn, size=1) as database:
            client = office.value("SELECT client_id::text FROM edge.edge_clients LIMIT 1")
            await ClientAdmin(database).revoke(UUID(client))
        office.run(
            "DELETE FROM edge.promotion_usages WHERE (store_id, usage_id) ="
            " (SELECT store_id, usage_id FROM edge.promotion_usages LIMIT 1)"
        )
        said, _ = await process.communicate()

    assert process.returncode == 1, said.decode()
    words = said.decode()
    assert "BROKEN GATE: edges.errors" in words
    assert "BROKEN GATE: truth.usages_lost" in words
    assert "BROKEN GATE: truth.edges_unlike_fresh is 1, wanted = 0" in words
    found = json.loads((tmp_path / "load.json").read_text())["load"]
    assert any("UNAUTHENTICATED" in kind for kind in found["edges"]["errors_by_kind"])
    stored, lost = found["truth"]["usages_stored"], found["truth"]["usages_lost"]
    assert stored + lost == found["truth"]["usages_made"]


async def test_rate_limit_that_says_when_to_come_again_is_no_error(serving, shop):
    recorder = Recorder()
    async with (
        serving(burst=1, calls_per_minute=1) as server,
        TimedSession(credentials(server, shop), recorder) as session,
    ):
        request = sync.GetVersionRequest(company_id=shop.company_id)
        metadata = await session.metadata()
        await session.stub.GetVersion(request, metadata=metadata)
        with pytest.raises(grpc.RpcError):
            await session.stub.GetVersion(request, metadata=metadata)
        with pytest.raises(grpc.RpcError):
            await session.stub.GetVersion(request, metadata=())

    assert recorder.announced == {"GetVersion": 1}
    assert [kind.split(": ")[:2] for kind in recorder.failures] == [
        ["GetVersion", "UNAUTHENTICATED"]
    ]
    assert len(recorder.times["GetVersion"]) == 1


def test_slope_of_what_rises_is_found_in_the_second_half():
    rising = [(float(at), 100 + 0.5 * at) for at in range(0, 100, 5)]
    filling = [(float(at), min(at, 50.0)) for at in range(0, 105, 5)]

    assert slope(settled(rising)) == pytest.approx(0.5)
    assert slope(settled(filling)) == pytest.approx(0)
    assert slope(filling) > 0.2
