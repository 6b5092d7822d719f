"""Dashboards, alert rules and their mapping: they load, and ask for what there is."""

from __future__ import annotations

import json

import prometheus_client
import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from edge_grpc import metrics
from tests.observation import DASHBOARDS, FOLDER, asked_by, asked_by_rules, names
from tests.statsd_mapping import exposed

COMPOSE = yaml.safe_load((FOLDER.parents[1] / "docker-compose.yaml").read_text())


def of_the_edge() -> set[str]:
    """Every series that the edge server can expose, as its registry names them."""
    assert metrics.CALLS
    families = prometheus_client.REGISTRY.collect()
    endings = ("", "_total", "_bucket", "_sum", "_count")
    return {f"{one.name}{end}" for one in families for end in endings}


@pytest.mark.parametrize("file", DASHBOARDS, ids=lambda file: file.stem)
def test_dashboard_is_one_by_grafanas_own_types_and_loses_nothing_in_them(file):
    register_default_plugins()
    given = json.loads(file.read_text())

    read = json.loads(JSONEncoder().encode(Dashboard.from_json(given)))

    assert [panel["title"] for panel in read["panels"]] == [p["title"] for p in given["panels"]]
    assert lost(given, read) == []
    places = [tuple(panel["gridPos"].values()) for panel in given["panels"]]
    assert len({panel["id"] for panel in given["panels"]}) == len(set(places)) == len(places)
    assert {p["datasource"]["uid"] for p in given["panels"]} == {"prometheus"}


def lost(given, read, path=""):
    """Return the paths of what is given and not in what was read of it."""
    if isinstance(given, dict):
        return [
            where
            for key, value in given.items()
            for where in (
                [f"{path}.{key}"] if key not in read else lost(value, read[key], f"{path}.{key}")
            )
        ]
    if isinstance(given, list):
        return [
            where
            for n, (a, b) in enumerate(zip(given, read, strict=True))
            for where in lost(a, b, f"{path}[{n}]")
        ]
    return [] if given == read else [path]


def test_edge_dashboard_and_rules_ask_for_what_the_server_counts():
    [edge] = [file for file in DASHBOARDS if file.stem == "edge"]
    by_rules = {name for name in asked_by_rules() if name.startswith("edge_grpc_")}

    assert len(asked_by(edge)) > 8
    assert asked_by(edge) | by_rules <= of_the_edge()


def test_lines_become_series_with_labels():
    lines = [
        "airflow.vendor_sync.vendor.calls.meta.ok:1|c",
        "airflow.vendor_sync.run.seconds.fx_rates_sync:12.5|ms",
        "airflow.scheduler_heartbeat:1|c",
    ]

    assert exposed(lines) == {
        "vendor_sync_vendor_calls_total": {("meta", "ok")},
        "vendor_sync_run_seconds": {("fx_rates_sync",)},
        "vendor_sync_run_seconds_sum": {("fx_rates_sync",)},
        "vendor_sync_run_seconds_count": {("fx_rates_sync",)},
        "airflow_scheduler_heartbeat": {()},
    }


def test_names_are_found_wherever_they_stand_in_a_query():
    query = 'topk(3, sum by (a) (rate(b_total{c="d"}[5m]))) / on () (max(e) > 2 or -f)'

    assert names(query) == {"b_total", "e", "f"}


def test_files_are_where_compose_and_provisioning_say():
    services = COMPOSE["services"]
    source = yaml.safe_load(
        (FOLDER / "grafana/provisioning/datasources/prometheus.yaml").read_text()
    )
    provider = yaml.safe_load((FOLDER / "grafana/provisioning/dashboards/files.yaml").read_text())
    mounts = dict(volume.split(":")[:2] for volume in services["grafana"]["volumes"])

    [datasource] = source["datasources"]
    [dashboards] = provider["providers"]
    assert datasource["uid"] == "prometheus"
    assert datasource["url"].removeprefix("http://").split(":")[0] in services
    by_target = {target: path for path, target in mounts.items()}
    assert by_target[dashboards["options"]["path"]] == "./deploy/observation/grafana/dashboards"
    assert by_target["/etc/grafana/provisioning"] == "./deploy/observation/grafana/provisioning"
    rules = yaml.safe_load((FOLDER / "prometheus.yaml").read_text())["rule_files"]
    inside = {volume.split(":")[1] for volume in services["prometheus"]["volumes"]}
    assert set(rules) <= inside
