"""The manifests of the edge service, against Kubernetes' own schemas and what the service needs."""

from __future__ import annotations

from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from edge_grpc.settings import Settings

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDER = REPOSITORY / "deploy/kubernetes/edge"
FILES = sorted(FOLDER.glob("*.yaml"))
OBJECTS = {file.stem: yaml.safe_load(file.read_text()) for file in FILES}


@pytest.mark.parametrize("name", [name for name in OBJECTS if name != "kustomization"])
@pytest.mark.parametrize("version", ["1.31", "1.34", "latest"])
def test_manifest_follows_the_schema_strictly(name, version):
    wanted = kubernetes_validate.latest_version() if version == "latest" else version

    assert kubernetes_validate.validate(OBJECTS[name], wanted, strict=True) is not None


def test_every_file_is_applied():
    listed = set(OBJECTS["kustomization"]["resources"])

    assert listed == {file.name for file in FILES} - {"kustomization.yaml"}


def container():
    [only] = OBJECTS["deployment"]["spec"]["template"]["spec"]["containers"]
    return only


def test_variables_are_settings_of_the_service_and_ports_those_that_it_listens_on():
    settings = {f"EDGE_GRPC_{name.upper()}" for name in Settings.model_fields}
    given = {one["name"]: one.get("value", "") for one in container()["env"]}
    ports = {port["name"]: port["containerPort"] for port in container()["ports"]}

    assert given.keys() <= settings
    assert given["EDGE_GRPC_LISTEN"].endswith(f":{ports['grpc']}")
    assert given["EDGE_GRPC_METRICS_LISTEN"].endswith(f":{ports['metrics']}")
    assert container()["readinessProbe"]["grpc"]["port"] == ports["grpc"]
    named = {port["targetPort"] for port in OBJECTS["service"]["spec"]["ports"]}
    assert named == ports.keys()
    admitted = {
        port["port"] for rule in OBJECTS["network"]["spec"]["ingress"] for port in rule["ports"]
    }
    assert admitted == set(ports.values())


def test_everything_means_the_same_pods():
    pods = OBJECTS["deployment"]["spec"]["template"]["metadata"]["labels"]
    selectors = [
        OBJECTS["deployment"]["spec"]["selector"]["matchLabels"],
        OBJECTS["service"]["spec"]["selector"],
        OBJECTS["disruption"]["spec"]["selector"]["matchLabels"],
        OBJECTS["network"]["spec"]["podSelector"]["matchLabels"],
    ]

    assert all(selector.items() <= pods.items() for selector in selectors)
    target = OBJECTS["autoscaling"]["spec"]["scaleTargetRef"]
    assert (target["kind"], target["name"]) == (
        "Deployment",
        OBJECTS["deployment"]["metadata"]["name"],
    )


def test_pods_have_no_rights_and_end_after_their_streams_have():
    pod = OBJECTS["deployment"]["spec"]["template"]["spec"]
    own = container()["securityContext"]

    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["automountServiceAccountToken"] is False
    assert own["readOnlyRootFilesystem"] is True
    assert own["allowPrivilegeEscalation"] is False
    assert own["capabilities"] == {"drop": ["ALL"]}
    assert pod["terminationGracePeriodSeconds"] > Settings.model_fields["drain_seconds"].default


def logins():
    """Return the secret that each part's login of the warehouse comes from, by variable."""
    values = yaml.safe_load((FOLDER.parent / "airflow/values.yaml").read_text())
    [shared] = yaml.safe_load(values["extraEnvFrom"])
    named = [*container()["env"], *values["apiServer"]["env"]]
    own = {one["name"]: one["valueFrom"]["secretKeyRef"]["name"] for one in named
           if "valueFrom" in one}  # fmt: skip
    return {"flows": shared["secretRef"]["name"], **own}


def test_each_part_has_a_login_of_its_own_and_none_is_the_owners():
    found = logins()

    assert found.keys() == {"flows", "EDGE_GRPC_DSN", "AIRFLOW_CONN_WAREHOUSE_POSTGRES"}
    assert len(set(found.values())) == len(found)
    texts = [file.read_text() for file in FOLDER.parent.rglob("*.yaml")]
    assert not [text for text in texts if "WAREHOUSE_OWNER" in text or "ADMIN_DSN" in text]


def test_the_page_documents_every_secret_that_the_manifests_name():
    page = (REPOSITORY / "docs/scale-out.md").read_text()

    assert [secret for secret in logins().values() if secret not in page] == []
    assert "postgresql://edge_server:" in page
