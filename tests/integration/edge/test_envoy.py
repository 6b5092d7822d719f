"""Two replicas behind the Envoy of the compose file: its own configuration, in a real Envoy.

Only addresses, certificates and ports are replaced, because they are this machine's.
"""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml

from edge_grpc.client.backoff import TRANSIENT, reason
from edge_grpc.client.outbox import Outbox
from edge_grpc.client.session import Credentials, Session
from edge_grpc.client.store import EdgeStore, open_database
from edge_grpc.client.sync import Syncer
from edge_grpc.client.uploads import Uploader
from edge_grpc.v1 import auth_pb2 as auth
from edge_grpc.v1 import sync_pb2 as sync
from sandbox.home import REPOSITORY
from tests.integration.edge.answers import watch
from tests.integration.edge.server_process import free_port, served
from tests.integration.edge.uses import rupiah, use_of

pytestmark = pytest.mark.integration
DEPLOY = REPOSITORY / "deploy" / "edge"
BINARIES = sorted((REPOSITORY / ".sandbox" / "envoy").glob("lib/*/site-packages/envoy/_bin/envoy"))


@pytest.fixture(autouse=True)
def _envoy_is_there():
    if BINARIES:
        return
    what = "Envoy is not installed: run `make setup-envoy`"
    if os.environ.get("REQUIRE_ENVOY"):
        pytest.fail(what)
    pytest.skip(what)


@dataclass
class Envoy:
    """A running Envoy and where it listens."""

    process: Any
    port: int
    observation_port: int
    ca_file: Path

    def credentials(self, shop) -> Credentials:
        return Credentials(
            target=f"localhost:{self.port}",
            client_id=shop.client_id,
            client_secret=shop.client_secret,
            ca_file=self.ca_file,
        )

    async def get(self, path: str) -> tuple[int, str]:
        """Return status and body of a page that is open to observers."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.observation_port)
        lines = (f"GET {path} HTTP/1.1", "Host: envoy", "Connection: close", "", "")
        writer.write("\r\n".join(lines).encode())
        try:
            head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
        finally:
            writer.close()
            await writer.wait_closed()
        return int(head.split()[1]), body

    async def healthy(self) -> int:
        """Return how many replicas Envoy holds for healthy."""
        _, page = await self.get("/stats/prometheus")
        lines = [line for line in page.splitlines() if "cluster_membership_healthy{" in line]
        [found] = [line for line in lines if 'envoy_cluster_name="edge"' in line]
        return int(found.rpartition(" ")[2])

    async def until_healthy(self, count: int) -> None:
        async with asyncio.timeout(30):
            while await self.healthy() != count:  # noqa: ASYNC110 - another process's view
                await asyncio.sleep(0.1)


def made_local(
    config: dict[str, Any], ports: dict[str, int], folder: Path, replicas: list[int]
) -> dict[str, Any]:
    """Return the configuration for this machine; everything else stays as it is shipped."""
    config["admin"]["address"]["socket_address"]["port_value"] = ports["admin"]
    edges, observation = config["static_resources"]["listeners"]
    for listener, port in ((edges, ports["edges"]), (observation, ports["observation"])):
        listener["address"]["socket_address"] = {"address": "127.0.0.1", "port_value": port}
    tls = edges["filter_chains"][0]["transport_socket"]["typed_config"]["common_tls_context"]
    source = tls["tls_certificate_sds_secret_configs"][0]["sds_config"]["path_config_source"]
    source["path"] = str(folder / "certificate.yaml")
    source["watched_directory"]["path"] = str(folder)
    edge, admin = config["static_resources"]["clusters"]
    endpoints = edge["load_assignment"]["endpoints"][0]["lb_endpoints"]
    for endpoint, port in zip(endpoints, replicas, strict=True):
        endpoint["endpoint"]["address"]["socket_address"] = {
            "address": "127.0.0.1",
            "port_value": port,
        }
    own = admin["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]
    own["address"]["socket_address"]["port_value"] = ports["admin"]
    return config


async def make_certificate(folder: Path) -> None:
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    process = await asyncio.create_subprocess_exec(
        *command.split(),
        *("-addext", "subjectAltName=DNS:localhost"),
        *("-keyout", folder / "tls.key", "-out", folder / "tls.crt"),
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert await process.wait() == 0


@asynccontextmanager
async def running_envoy(folder: Path, replicas: list[int]):
    await make_certificate(folder)
    secret = (DEPLOY / "certificate.yaml").read_text()
    (folder / "certificate.yaml").write_text(secret.replace("/etc/envoy/tls", str(folder)))
    ports = {name: free_port() for name in ("admin", "edges", "observation")}
    shipped = yaml.safe_load((DEPLOY / "envoy.yaml").read_text())
    config = made_local(shipped, ports, folder, replicas)
    (folder / "envoy.yaml").write_text(yaml.safe_dump(config))
    process = await asyncio.create_subprocess_exec(
        BINARIES[0],
        *("-c", folder / "envoy.yaml", "--disable-hot-restart", "--concurrency", "1"),
        *("--log-level", "warning", "--log-path", folder / "envoy.log"),
    )
    envoy = Envoy(process, ports["edges"], ports["observation"], folder / "tls.crt")
    try:
        async with asyncio.timeout(60):
            while not await answers(envoy):
                assert process.returncode is None, (folder / "envoy.log").read_text()
                await asyncio.sleep(0.05)
        await envoy.until_healthy(len(replicas))
        yield envoy
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def answers(envoy: Envoy) -> bool:
    try:
        return (await envoy.get("/ready"))[0] == 200
    except (OSError, IndexError):
        return False


@pytest.fixture
async def site(office, tmp_path):
    """Envoy, and the two replicas behind it."""
    async with AsyncExitStack() as stack:
        replicas = [await stack.enter_async_context(served(office)) for _ in range(2)]
        ports = [replica.port for replica in replicas]
        yield await stack.enter_async_context(running_envoy(tmp_path, ports)), replicas


async def first_told(session, shop):
    stream = await watch(session, shop)
    return stream, await stream.read()


async def test_edge_outlives_the_replica_that_served_it(office, shop, site, tmp_path):
    envoy, replicas = site
    office.run(
        "INSERT INTO edge.products (company_id, brand_id, sku, name, base_price)"
        " SELECT %s, %s, n::text, 'Product ' || n, n FROM generate_series(1, 1500) AS n",
        shop.company_id,
        shop.brand_id,
    )
    promotion = office.add_promotion(shop)
    conn = open_database(tmp_path / "edge.sqlite")
    async with Session(envoy.credentials(shop)) as session:
        watches = [await first_told(session, shop) for _ in range(12)]
        progress = await Syncer(session, EdgeStore(conn)).sync()
        assert progress.records == 1501

        victim, survivor = replicas
        victim.process.send_signal(signal.SIGKILL)
        await victim.process.wait()
        ended = await asyncio.gather(*(end_of(stream) for stream, _ in watches))
        # Some watches were the victim's and end at once, as something that is tried again; the
        # others go on.
        assert {code for code in ended if code} <= TRANSIENT
        assert 0 < sum(code is not None for code in ended) < len(watches)

        office.run("DELETE FROM edge.products WHERE sku = '7'")
        outbox = Outbox(conn)
        for number in range(50):
            amount = rupiah(number)
            outbox.add(use_of(shop, promotion, bill_id=f"B{number}", discount_amount=amount))
        again, _ = await asyncio.gather(
            Syncer(session, EdgeStore(conn)).sync(), Uploader(session, outbox).upload()
        )
        assert again.removals == 1
        assert outbox.counts() == {"pending": 0, "synced": 50, "refused": 0}
        await envoy.until_healthy(1)
        assert (await first_told(session, shop))[1].version > watches[0][1].version
    assert conn.execute("SELECT count(*) FROM products").fetchone() == (1499,)
    assert office.value("SELECT count(*) FROM edge.promotion_usages") == 50
    assert await survivor.metrics()
    conn.close()


async def end_of(stream) -> grpc.StatusCode | None:
    """Return how a watch ended, None if it goes on."""
    try:
        async with asyncio.timeout(3):
            while await stream.read() is not grpc.aio.EOF:
                continue
            return await stream.code()
    except TimeoutError:
        return None
    except grpc.aio.AioRpcError as error:
        return error.code()


async def test_both_replicas_work_and_only_what_is_meant_for_observers_is_open(office, shop, site):
    office.add_product(shop)
    envoy, replicas = site
    async with Session(envoy.credentials(shop)) as session:
        request = sync.GetVersionRequest(**shop.tenant)
        for _ in range(40):
            await session.stub.GetVersion(request, metadata=await session.metadata())

    pages = [await replica.metrics() for replica in replicas]
    served_by = [
        sum(value for (name, labels), value in page.items()
            if name == "edge_grpc_calls_total" and "GetVersion" in labels)
        for page in pages
    ]  # fmt: skip
    assert sum(served_by) == 40
    assert min(served_by) > 0
    assert (await envoy.get("/ready"))[0] == 200
    assert (await envoy.get("/config_dump"))[0] == 404
    assert (await envoy.get("/quitquitquit"))[0] == 404


async def test_secrets_cannot_be_tried_out_through_envoy(site, shop):
    """Behind a proxy the service sees one address: Envoy counts each address's tries."""
    envoy, _ = site
    ca = grpc.ssl_channel_credentials(envoy.ca_file.read_bytes())
    async with grpc.aio.secure_channel(f"localhost:{envoy.port}", ca) as channel:
        call = channel.unary_unary(
            "/edge_grpc.v1.EdgeSyncService/IssueToken",
            request_serializer=auth.IssueTokenRequest.SerializeToString,
            response_deserializer=auth.IssueTokenResponse.FromString,
        )
        codes = []
        for _ in range(35):
            try:
                await call(auth.IssueTokenRequest(client_id=shop.client_id, client_secret="no"))
            except grpc.aio.AioRpcError as error:
                codes.append(error.code())
                last = reason(error)

    assert codes[0] is grpc.StatusCode.UNAUTHENTICATED
    assert codes[-1] is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert codes.count(grpc.StatusCode.UNAUTHENTICATED) <= 30
    assert last == ""  # Envoy's own word, without details of ours


async def test_nobody_gets_in_without_tls(site):
    envoy, _ = site
    async with grpc.aio.insecure_channel(f"localhost:{envoy.port}") as channel:
        call = channel.unary_unary("/edge_grpc.v1.EdgeSyncService/IssueToken")
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await call(b"", timeout=5)
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
