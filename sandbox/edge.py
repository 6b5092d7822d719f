"""The edge gRPC server: head office's side of the tills, without TLS on this machine only."""

from __future__ import annotations

from sandbox import health
from sandbox.environment import postgres_uri
from sandbox.home import PRODUCT, Home
from sandbox.part import Part
from sandbox.state import COLLECTOR, HOST, State


def settings(home: Home, state: State) -> dict[str, str]:
    """Return what the server, its administrators' commands and an edge client read."""
    address = f"{HOST}:{state.ports['edge']}"
    return {
        "EDGE_GRPC_DSN": postgres_uri(state, "warehouse", "edge_server"),
        "EDGE_GRPC_ADMIN_DSN": postgres_uri(state, "warehouse", "edge_admin"),
        "EDGE_GRPC_KEYS_FILE": str(home.edge_keys_file),
        "EDGE_GRPC_LISTEN": address,
        "EDGE_GRPC_METRICS_LISTEN": f"{HOST}:{state.ports['edge-metrics']}",
        "EDGE_GRPC_INSECURE": "1",
        "EDGE_CLIENT_TARGET": address,
        "EDGE_CLIENT_INSECURE": "1",
    }


def parts(home: Home, state: State) -> list[Part]:
    """Make the signing keys once, then serve."""
    known = settings(home, state)
    collector = state.external.get(COLLECTOR)
    traced = {COLLECTOR: collector} if collector else {}
    command = (PRODUCT / "bin/python", "-m", "edge_grpc")
    keys = Part(
        name="edge-keys",
        argv=(*command, "keys", "rotate"),
        env=known,
        is_done=home.edge_keys_file.exists,
        after=("warehouse-schema",),
    )
    server = Part(
        name="edge",
        argv=(*command, "serve"),
        env=known | traced,
        after=("edge-keys",),
        healthy=health.http_ok(state.ports["edge-metrics"], "/metrics"),
        address=known["EDGE_GRPC_LISTEN"],
        stop_within=12,
        advice="The log names the EDGE_GRPC_ variable that is wrong.",
    )
    return [keys, server]
