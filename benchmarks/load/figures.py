"""What a stretch of load amounts to: figures of its recordings, and which gates they break."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean
from typing import Any

from benchmarks.gates import Gate
from benchmarks.load.changes import Change
from benchmarks.load.samples import Sampler, Usage, settled, slope
from benchmarks.load.timed import Heard, Recorder
from benchmarks.load.world import Login

Figures = dict[str, Any]
CALLS = (
    "IssueToken",
    "RefreshToken",
    "WatchVersion first",
    "Sync snapshot",
    "Sync delta",
    "ReportSync",
    "UploadUsage ack",
)
PUSH = "push of a change"
_NEVER_IN_SHORT = {"RefreshToken"}
_SHORT_MINUTES = 4  # a token is renewed after 192 s
MINUTES_FOR_MEMORY = 4  # until then caches fill
GATES = (
    Gate("edges", "errors", "=", 0, "calls that failed, but for announced rate limits"),
    Gate("edges", "complaints", "=", 0, "warnings of the clients beyond those"),
    Gate("edges", "kinds_missing", "=", 0, "kinds of calls that were never made"),
    Gate("edges", "unheard", "=", 0, "changes that an edge did not hear of"),
    Gate("last", "errors", "=", 0, "calls that failed when all came to an end"),
    Gate("last", "complaints", "=", 0, "edges that could not come to an end"),
    Gate("truth", "usages_lost", "=", 0, "usages made and not stored"),
    Gate("truth", "usages_twice", "=", 0, "usages stored more than once"),
    Gate("truth", "usages_of_nobody", "=", 0, "usages stored and made by no edge"),
    Gate("truth", "usages_changed", "=", 0, "usages stored with other contents"),
    Gate("truth", "usages_unsettled", "=", 0, "usages that an edge still waits for"),
    Gate("truth", "edges_wrong", "=", 0, "edges whose products are not head office's"),
    Gate("truth", "edges_unlike_fresh", "=", 0, "edges unlike one that begins anew"),
    Gate("flows", "failed", "=", 0, "runs of flows that did not succeed"),
    Gate("flows", "never_ran", "=", 0, "flows that never ended a run"),
    Gate("memory", "edge_growth", "<=", 1.05, "memory of the edge server, last / third quarter"),
)


def of_calls(recorded: Recorder) -> Figures:
    """Return count, p50 and p99 in ms of each kind of call."""
    return {
        kind: {"count": len(times), **_quantiles(times)}
        for kind, times in sorted(recorded.times.items())
    }


def of_edges(
    recorded: Recorder, changes: Sequence[Change], logins: Sequence[Login], *, minutes: float
) -> Figures:
    """Return how the edges' calls went."""
    calls = of_calls(recorded)
    lags, unheard = lags_of(recorded.heard, changes, logins)
    if lags:
        calls[PUSH] = {"count": len(lags), **_quantiles(lags)}
    wanted = set(CALLS) - (_NEVER_IN_SHORT if minutes < _SHORT_MINUTES else set())
    complaints = _complaints(recorded)
    return {
        "calls": calls,
        "changes": len(changes),
        "errors": sum(recorded.failures.values()),
        "errors_by_kind": dict(recorded.failures),
        "rate_limited": dict(recorded.announced),
        "complaints": sum(complaints.values()),
        "complaints_by_kind": complaints,
        "kinds_missing": len(wanted - calls.keys()),
        "unheard": unheard,
    }


def of_last(recorded: Recorder) -> Figures:
    """Return what went wrong when all edges brought home what was left."""
    complaints = _complaints(recorded)
    return {
        "errors": sum(recorded.failures.values()),
        "errors_by_kind": dict(recorded.failures),
        "complaints": sum(complaints.values()),
        "complaints_by_kind": complaints,
    }


def _complaints(recorded: Recorder) -> dict[str, int]:
    """Return what the clients warned of beyond the calls that failed, which count already."""
    failed = {kind.split(": ", 1)[1] for kind in recorded.failures}
    return {
        what: count
        for what, count in recorded.complaints.items()
        if what not in failed and "RESOURCE_EXHAUSTED" not in what
    }


def lags_of(
    heard: Sequence[Heard], changes: Sequence[Change], logins: Sequence[Login]
) -> tuple[list[float], int]:
    """Return how long after its commit each news of a version came, and how many never heard.

    A version that was told as part of a newer one needs no news of its own: who never heard is
    counted at each office's last change, of which every edge has to hear.
    """
    commits = {(change.epoch, change.version): change.at for change in changes}
    lags = [
        one.at - commits[one.epoch, one.version]
        for one in heard
        if one.at is not None and (one.epoch, one.version) in commits
    ]
    newest = {change.epoch: change.version for change in changes}  # the last of each stays
    knows = {one.store_id for one in heard if one.version >= newest.get(one.epoch, 0)}
    must = {login.store_id for login in logins if login.office.epoch in newest}
    return lags, len(must - knows)


def of_samples(sampler: Sampler, cores: int) -> Figures:
    """Return memory, its slope, and CPU of every part."""
    whole = sampler.machine_cpu
    parts = {
        name: {
            "mib_first": round(used.mib[0][1], 1),
            "mib_last": round(used.mib[-1][1], 1),
            "mib_most": round(max(mib for _, mib in used.mib), 1),
            "mib_per_minute": round(60 * slope(settled(used.mib)), 3),
            "growth": round(growth(used), 3),
            "cpu_cores": round(used.cpu / sampler.seconds, 3),
            "cpu_share": round(used.cpu / whole, 3) if whole else 0,
        }
        for name, used in sampler.parts.items()
        if used.mib
    }
    return {
        "parts": parts,
        "seconds": round(sampler.seconds, 1),
        "machine_busy": round(whole / sampler.seconds / cores, 3),
        "most_connections": sampler.most_connections,
        "series": {name: used.mib for name, used in sampler.parts.items()},
    }


def growth(used: Usage) -> float:
    """Return the mean memory of the last quarter over that of the third."""
    late = [mib for _, mib in settled(used.mib)]
    half = len(late) // 2
    return mean(late[half:]) / mean(late[:half]) if half else 1.0


def broken(found: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Name the gates that the figures break; what was not measured breaks none."""
    return [
        f"{gate.part}.{gate.name} is {value:g}, wanted {gate.sign} {gate.bound:g}: {gate.meaning}"
        for gate in GATES
        if (value := found.get(gate.part, {}).get(gate.name)) is not None and not gate.is_met(value)
    ]


def unexpected(found: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Name what failed or was warned of, with how often."""
    kinds = [
        (part, what, count)
        for part in ("edges", "last")
        for name in ("errors_by_kind", "complaints_by_kind")
        for what, count in found[part][name].items()
    ]
    flows = found.get("flows", {}).get("failures", [])
    return [f"{part}: {count} x {what}" for part, what, count in kinds] + flows


def quantile(times: Sequence[float], share: float) -> float:
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def _quantiles(times: Sequence[float]) -> Figures:
    return {
        "p50_ms": round(quantile(times, 0.5) * 1000, 1),
        "p99_ms": round(quantile(times, 0.99) * 1000, 1),
        "most_ms": round(max(times) * 1000, 1),
    }
