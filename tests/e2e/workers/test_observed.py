"""What Airflow and the flows tell of themselves, and whether the dashboards find it."""

from __future__ import annotations

import pytest

from tests.observation import DASHBOARDS, asked_by, asked_by_rules
from tests.statsd_mapping import exposed

pytestmark = [pytest.mark.airflow, pytest.mark.celery]
DAG = "trackier_offer_sync"
# Told when a worker has died, which other tests of this folder see to.
_OF_DEATHS = {"airflow_task_instances_without_heartbeats_killed"}


@pytest.fixture
def observed(airflow, switched_on):
    """A run that was refused once, and told to wait once; its id."""
    # Offers of another test's world would all be missing now, and the run not be a good one.
    airflow.db.execute("DELETE FROM affiliate.offers; DELETE FROM affiliate.brands")
    airflow.vendors.faults.add("status", path="campaigns", times=1, status=503)
    airflow.vendors.faults.add("too_many", path="advertisers", times=1, style="retry_after", wait=1)
    switched_on(DAG)
    run_id = airflow.trigger(DAG)
    assert airflow.finish(run_id, DAG) == "success"
    return run_id


def test_dashboards_and_rules_find_their_series_and_labels_are_few(airflow, observed):
    ours = {"flows", "airflow"}
    asked = {name for file in DASHBOARDS if file.stem in ours for name in asked_by(file)}
    asked |= {name for name in asked_by_rules() if not name.startswith("edge_grpc_")}
    asked -= _OF_DEATHS | {"up"}
    assert len(asked) > 15

    # The DAG processor tells of files when it has read them once more.
    airflow.eventually(lambda: asked <= exposed(airflow.figures.lines).keys(), seconds=90)

    found = exposed(airflow.figures.lines)
    assert (DAG, "completed") in found["vendor_sync_runs_total"]
    assert {("trackier", "failed"), ("trackier", "rate_limited"), ("trackier", "ok")} <= found[
        "vendor_sync_vendor_calls_total"
    ]
    assert max(len(labels) for name, labels in found.items() if name.startswith("vendor_sync")) < 50
    text = "\n".join(airflow.figures.lines)
    secrets = {item["value"] for item in airflow.vendors.sensitive("trackier")}
    assert observed not in text
    assert [secret for secret in secrets if secret in text] == []


def test_spans_of_the_flow_are_below_airflows_span_of_the_task(airflow, observed):
    def of_the_run():
        return [
            span
            for span in list(airflow.spans.received)
            if span.name == DAG and any(a.value.string_value == observed for a in span.attributes)
        ]

    [run] = airflow.eventually(of_the_run)
    trace = airflow.spans.of_trace(run.trace_id)

    assert trace[run.parent_span_id].name == "worker.sync_offers"
    below = [span.name for span in trace.values() if span.parent_span_id == run.span_id]
    assert below.count("GET trackier") >= 4
    assert "merge" in below
    told = "\n".join(map(str, trace.values()))
    secrets = {item["value"] for item in airflow.vendors.sensitive("trackier")}
    assert [secret for secret in secrets if secret in told] == []
