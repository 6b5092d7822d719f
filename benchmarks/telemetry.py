"""What it costs that the flows tell of themselves: a sync with spans and figures, and without.

    make bench-telemetry

Both run from what the production image holds. `on`: Airflow's StatsD client to a listener, spans in
batches to a collector, both on this machine. `silent`: nobody asked for either, as by default. As
a run's own times move more than what is looked for, the price of telling of a call and a merge is
measured apart as well, and set against the CPU time of a run with so many calls.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from typing import Any

from opentelemetry import trace

from benchmarks.trackier_stage import Stage
from sandbox.home import IMAGE, REPOSITORY
from sandbox.vendors import control
from tests.collector import figures_collected, spans_collected
from vendor_sync import telemetry
from vendor_sync.connections import connection_from_environment
from vendor_sync.trackier.flow import run_offer_sync

_TIMES = 1000  # fewer spans than the sender keeps waiting


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--offers", type=int, default=20_000)
    parser.add_argument("--work", choices=["on", "silent"], help="run one, in this process")
    options = parser.parse_args()
    if options.work:
        print(json.dumps(_measured(options.work)))
        return
    stage, key = Stage(), json.loads(os.environ["VENDOR_SANDBOX_KEYS"])["trackier"]
    found: dict[str, list[dict[str, Any]]] = {"silent": [], "on": []}
    keys = {**control.DEFAULT_KEYS, "trackier": key}
    with (
        control.spawn(keys=keys) as vendor,
        spans_collected() as spans,
        figures_collected() as figures,
    ):
        vendor.reset(1, trackier={"offers": options.offers, "brands": options.offers // 100})
        connection = {
            "conn_type": "http", "host": vendor.vendor_url("trackier"), "password": key,
            "extra": {"requests_per_second": 0},
        }  # fmt: skip
        told = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": spans.endpoint,
            "AIRFLOW__METRICS__STATSD_ON": "true",
            "AIRFLOW__METRICS__STATSD_HOST": "127.0.0.1",
            "AIRFLOW__METRICS__STATSD_PORT": str(figures.port),
        }
        for number in range(options.rounds + 1):
            for work, runs in found.items():
                stage.empty()
                environ = {"AIRFLOW_CONN_TRACKIER_DEFAULT": json.dumps(connection)}
                run = _run(work, environ | (told if work == "on" else {}))
                if number:  # the first of each warms the servers up
                    runs.append(run)
        arrived = {"spans": len(spans.received), "lines": len(figures.lines)}
    _report(found, arrived, options)


def _run(work: str, environ: dict[str, str]) -> dict[str, Any]:
    path = os.pathsep.join((str(REPOSITORY), str(REPOSITORY / "plugins")))
    done = subprocess.run(
        [IMAGE / "bin/python", "-m", "benchmarks.telemetry", "--work", work],
        env={**os.environ, **environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        check=True,
        cwd=REPOSITORY,
    )
    return json.loads(done.stdout.splitlines()[-1])


def _measured(work: str) -> dict[str, Any]:
    if work == "on":
        # Only this one has Airflow in it.
        from airflow.sdk.observability import stats  # noqa: PLC0415
        from airflow.sdk.observability.metrics import stats_utils  # noqa: PLC0415

        from vendor_sync.orchestration.figures import AirflowFigures  # noqa: PLC0415

        stats.initialize(factory=stats_utils.get_stats_factory(), export_legacy_names=True)
        telemetry.send_figures_to(AirflowFigures())
        telemetry.export_spans(os.environ)
    began, used = time.perf_counter(), os.times()
    result = run_offer_sync(
        connection_from_environment,
        run_id=f"bench__{time.time_ns()}",
        trigger="benchmark",
        params={},
    )
    seconds, spent = time.perf_counter() - began, os.times()
    cpu = spent.user + spent.system - used.user - used.system
    measured = {"seconds": seconds, "cpu": cpu, "calls": result["api_calls"]}
    return measured | {"a_call": _price_of_a_call()}


def _price_of_a_call() -> float:
    """Return the CPU seconds that telling of a call and of a merge takes, with sending it."""
    began = time.process_time()
    for _ in range(_TIMES):
        telemetry.figures().time("x", 0.0)
        with telemetry.vendor_call("x", "GET") as call:
            call.received(1)
        with telemetry.span("merge", entity="x", records=1):
            pass
    flush = getattr(trace.get_tracer_provider(), "force_flush", None)
    if flush:
        flush()
    return (time.process_time() - began) / _TIMES


def _report(found: dict[str, list[dict[str, Any]]], arrived: dict[str, int], options: Any) -> None:  # noqa: ANN401
    for name in ("seconds", "cpu"):
        medians = {work: statistics.median(run[name] for run in found[work]) for work in found}
        ratio = medians["on"] / medians["silent"]
        print(f"{name:8} on {medians['on']:.3f}  silent {medians['silent']:.3f}  ratio {ratio:.4f}")
    for work, runs in found.items():
        share = statistics.median(run["a_call"] * run["calls"] / run["cpu"] for run in runs)
        price = statistics.median(run["a_call"] for run in runs) * 1e6
        calls = runs[0]["calls"]
        print(f"{work}: {price:.0f} us of CPU a call, {share:.3%} of the run's ({calls} calls)")
    print(
        f"arrived in {options.rounds + 1} runs: {arrived['spans']} spans, {arrived['lines']} lines"
    )


if __name__ == "__main__":
    sys.exit(main())
