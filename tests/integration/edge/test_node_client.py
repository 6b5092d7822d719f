"""The contract is the proto: an edge in another language, made from the proto files alone.

Its requests are the files of docs/edge/requests, so what the documents show is what works.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import uuid
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from google.protobuf.json_format import ParseDict

from edge_grpc.v1.edge_sync_service_pb2 import DESCRIPTOR
from edge_grpc.v1.promotion_pb2 import Promotion
from sandbox.home import REPOSITORY

pytestmark = pytest.mark.integration
NODE = shutil.which("node")
MODULES = REPOSITORY / ".sandbox" / "node" / "node_modules"
CLIENT = REPOSITORY / "tests" / "e2e" / "node" / "converse.js"
REQUESTS = REPOSITORY / "docs" / "edge" / "requests"
_ANSWER_SECONDS = 60


@pytest.fixture(autouse=True)
def _node_is_there():
    if NODE and MODULES.is_dir():
        return
    what = "run `make setup-node`" if NODE else "install Node.js 18 or newer"
    if os.environ.get("REQUIRE_NODE"):
        pytest.fail(f"the Node edge client cannot run: {what}")
    pytest.skip(f"the Node edge client cannot run: {what}")


class NodeEdge:
    """A Node process that does what it is told."""

    def __init__(self, process):
        self._process = process

    async def tell(self, command, **given):
        """Return the whole answer: `answer`, `error` (of gRPC) or `fault` (of the client)."""
        self._process.stdin.write(json.dumps({"command": command, **given}).encode() + b"\n")
        async with asyncio.timeout(_ANSWER_SECONDS):
            line = await self._process.stdout.readline()
        answer = json.loads(line)
        assert "fault" not in answer, answer
        return answer

    async def ask(self, command, **given):
        answer = await self.tell(command, **given)
        assert "error" not in answer, answer
        return answer.get("answer")

    async def error(self, command, **given):
        return (await self.tell(command, **given))["error"]


@pytest.fixture
async def node():
    process = await asyncio.create_subprocess_exec(
        str(NODE),
        CLIENT,
        env=os.environ | {"NODE_PATH": str(MODULES)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=64 << 20,
    )
    assert process.stdin
    yield NodeEdge(process)
    process.stdin.close()
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def sign_in(node, port, shop):
    variables = {
        "client_id": shop.client_id,
        "client_secret": shop.client_secret,
        "brand_id": shop.brand_id,
        "currency": "IDR",
        "used_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
    }
    await node.ask("open", target=f"127.0.0.1:{port}", variables=variables)
    return await node.ask("signIn", method="IssueToken")


async def test_node_signs_in_syncs_hears_of_a_change_and_gets_it(office, shop, server, node):
    office.fill(shop, products=700)
    grant = await sign_in(node, server.port, shop)
    assert (grant["companyId"], grant["storeId"]) == (shop.company_id, shop.store_id)

    first = await node.ask("sync")
    known = await node.ask("watch")
    office.run("UPDATE edge.products SET base_price = 5 WHERE sku = '7'")
    office.run("DELETE FROM edge.products WHERE sku = '8'")
    told = await node.ask("watch")
    while not told.get("isNew") or int(told["version"]) <= int(known["version"]) + 1:
        told = await node.ask("watch")
    second = await node.ask("sync")
    held = await node.ask("held", kind="RECORD_KIND_PRODUCT")

    assert first == {
        "records": 731, "removals": 0, "modes": ["SYNC_MODE_SNAPSHOT"], "cuts": 0,
    }  # fmt: skip
    assert second == {"records": 1, "removals": 1, "modes": ["SYNC_MODE_CHANGES"], "cuts": 0}
    prices = {product["sku"]: product["basePrice"]["units"] for product in held}
    assert len(prices) == 699
    assert prices["7"] == "5"
    # What it counted and summed up itself is what the server says that it should hold.
    product = await node.ask("holding", kind="RECORD_KIND_PRODUCT")
    report = {"products": product["count"], "products_checksum": product["checksum"]}
    answer = await node.ask("call", method="ReportSync", variables=report)
    expected = {one["kind"]: one for one in answer["expected"]}
    assert expected["RECORD_KIND_PRODUCT"]["checksum"] == product["checksum"]


@asynccontextmanager
async def fragile_line(port, lengths):
    """A way to the server that breaks after so many bytes, once a length; then it holds."""

    async def carry(reader, writer, most):
        try:
            while piece := await reader.read(4096):
                writer.write(piece[:most] if most is not None else piece)
                await writer.drain()
                if most is not None and (most := most - len(piece)) <= 0:
                    break
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def connected(reader, writer):
        there, back = await asyncio.open_connection("127.0.0.1", port)
        most = lengths.pop(0) if lengths else None
        await asyncio.gather(carry(reader, back, None), carry(there, writer, most))

    line = await asyncio.start_server(connected, "127.0.0.1", 0)
    async with line:
        yield line.sockets[0].getsockname()[1]


async def test_node_goes_on_where_its_stream_broke(office, shop, server, node, caplog):
    office.fill(shop, products=5000)
    office.run("UPDATE edge.promotion_sync_settings SET enable_compression = false")
    lengths = [150_000, 150_000]  # more than a batch, and together less than the whole
    async with fragile_line(server.port, lengths) as port:
        await sign_in(node, port, shop)
        broken = await node.ask("sync")
        await node.ask("set", variables={"cursor": ""})
        whole = await node.ask("sync")

    assert broken["cuts"] == 2
    assert broken["modes"][0] == "SYNC_MODE_SNAPSHOT"
    assert set(broken["modes"][1:]) == {"SYNC_MODE_CHANGES"}
    assert whole["records"] == 5031
    # Going on sends nothing twice: it is not starting over.
    assert broken["records"] == whole["records"]
    # A connection that breaks is no error of the server's.
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_node_uploads_and_each_use_counts_once(office, shop, server, node):
    promotion = office.fill(shop, products=1, promotions=1)[0]
    await sign_in(node, server.port, shop)
    uses = [{"usage_id": str(uuid.uuid4()), "promotion_id": promotion} for _ in range(3)]
    foreign = {"usage_id": str(uuid.uuid4()), "promotion_id": shop.store_id}

    streamed = await node.ask("upload", variables=[*uses, foreign, uses[0]])
    again = await node.ask("call", method="UploadUsageBatch", variables=uses[1])

    verdicts = [answer["results"][0]["verdict"] for answer in streamed]
    assert verdicts == ["USAGE_VERDICT_ACCEPTED"] * 3 + [
        "USAGE_VERDICT_REJECTED",
        "USAGE_VERDICT_DUPLICATE",
    ]
    assert streamed[3]["results"][0]["reason"] == "USAGE_REJECT_REASON_UNKNOWN_PROMOTION"
    assert again["results"][0]["verdict"] == "USAGE_VERDICT_DUPLICATE"
    rows = office.rows("SELECT usage_id::text, discount_amount FROM edge.promotion_usages")
    assert {row[0] for row in rows} == {use["usage_id"] for use in uses}
    assert {str(row[1]) for row in rows} == {"12.5000"}


async def test_node_reads_why_a_call_failed(serving, office, shop, node):
    other = await office.add_shop()
    async with serving(credential_checks_per_minute=2, burst=3) as server:
        await sign_in(node, server.port, shop)
        strange = await node.error(
            "call", method="GetVersion", variables={"company_id": other.company_id}
        )
        missing = await node.error("call", method="GetVersion", variables={"company_id": ""})
        cursor = await node.error("frames", method="Sync", variables={"cursor": "x"})
        for _ in range(20):
            answer = await node.tell("signIn", method="IssueToken")
            if "error" in answer:
                break

    assert (strange["status"], strange["reason"]) == ("PERMISSION_DENIED", "TENANT_MISMATCH")
    assert (missing["status"], missing["reason"]) == ("INVALID_ARGUMENT", "MISSING_COMPANY_ID")
    assert (cursor["status"], cursor["reason"]) == ("INVALID_ARGUMENT", "INVALID_CURSOR")
    assert answer["error"]["status"] == "RESOURCE_EXHAUSTED"
    assert answer["error"]["reason"] == "RATE_LIMITED"
    assert answer["error"]["retrySeconds"] > 0


async def test_every_call_has_an_example_that_works(office, shop, server, node):
    promotion = office.fill(shop, products=3, promotions=2)[0]
    await sign_in(node, server.port, shop)
    methods = {method.name for method in DESCRIPTOR.services_by_name["EdgeSyncService"].methods}
    assert {file.stem for file in REQUESTS.glob("*.json")} == methods
    await node.ask("signIn", method="RefreshToken")

    version = await node.ask("call", method="GetVersion")
    assert int(version["version"]) > 0
    parts = {
        method: await node.ask("frames", method=method)
        for method in ("Sync", "SyncCategories", "SyncProducts", "SyncPromotions")
    }
    for frames in parts.values():
        assert (frames[0]["frame"], frames[-1]["frame"]) == ("hello", "checkpoint")
    [batch] = [frame["batch"] for frame in parts["SyncProducts"] if frame["frame"] == "batch"]
    # Only the fields that its mask asks for, and those that always come.
    assert {*batch["products"][0]} == {"id", "sku", "name", "basePrice", "version"}
    use = {"usage_id": str(uuid.uuid4()), "promotion_id": promotion}
    assert await node.ask("upload", variables=[use])


async def test_node_reads_the_promotions_of_the_vectors_as_we_do(node):
    vectors = json.loads((REPOSITORY / "docs" / "edge" / "quote-vectors.json").read_text())

    read = await node.ask("promotions")

    theirs = [[Promotion.FromString(base64.b64decode(one)) for one in group] for group in read]
    ours = [
        [ParseDict(item, Promotion()) for item in vector["promotions"]]
        for vector in vectors["vectors"]
    ]
    assert theirs == ours
