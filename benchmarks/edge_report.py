"""What the edge benchmark says: one JSON file, one table, a section of the documentation."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.gates import Gate
from benchmarks.machine import describe, versions
from benchmarks.published import publish, where

_REPOSITORY = Path(__file__).resolve().parents[1]
_JSON = _REPOSITORY / ".sandbox" / "bench" / "edge.json"
_DISTRIBUTIONS = ("grpcio", "protobuf", "asyncpg")
Figures = dict[str, Any]
Rounds = Sequence[Mapping[str, Any]]

GATES = (
    Gate("full_warm", "ratio_ceiling", ">=", 0.8, "rows/s / the ceiling's"),
    Gate("full_pg", "ratio_ceiling", ">=", 0.3, "rows/s / the ceiling's"),
    Gate("full_pg", "ratio_peer", ">=", 8, "rows/s / the JSON peer's, both parsed"),
    Gate("full_pg", "cpu_ratio_peer", "<=", 0.15, "CPU of the server / the peer's"),
    Gate("full_compressed", "ratio_peer_gzip", ">=", 20, "rows/s / the peer's with gzip"),
    Gate("full_compressed", "saved", ">=", 0.6, "share of the bytes that are saved"),
    Gate("delta_100", "p50_ms", "<", 5, "100 changed rows, p50, ms"),
    Gate("delta_100", "ratio_at_10x", "<=", 1.2, "the same at ten times the products / this"),
    Gate("get_version", "p99_ms_1000qps", "<", 5, "p99 at 1,000 calls/s, ms"),
    Gate("get_version", "ratio_bare", ">=", 0.75, "calls/s / a bare handler's"),
    Gate("get_version", "p99_under_4_syncs_ratio", "<=", 15, "p99 beside four full syncs / idle"),
    Gate(
        "get_version",
        "under_syncs_ratio_bare",
        "<=",
        2,
        "the same / a bare handler's beside four streams from memory",
    ),
    Gate("watch", "kb_per_stream", "<=", 60, "KiB an idle watch"),
    Gate("watch", "fanout_p99_ms", "<", 500, "a change reaches a watch, p99, ms"),
    Gate("watch", "ratio_bare", "<=", 2, "the same / a bare handler's"),
    Gate("watch", "lost", "=", 0, "changes that a watch did not hear of"),
    Gate("watch", "refused", "=", 0, "calls refused in two storms of all"),
    Gate("usage", "ratio_direct", ">=", 0.7, "records/s / the same SQL's without gRPC"),
    Gate("usage", "moved_by_replay", "=", 0, "counters moved when all is sent again"),
    Gate("apply", "ratio_sqlite", ">=", 0.6, "rows/s / a bare upsert's"),
)
_ASKED = {
    "get_version": (50, 1_000),
    "categories": (200, 50_000),
    "products": (500, 1_000_000),
    "promotions": (1000, 500_000),
    "usages": (300, 100_000),
}


_SHOWN = ("ceiling", "peer", "first_build", "full_warm", "full_pg", "full_compressed")
_SHOWN += ("get_version", "watch", "usage", "apply")


def figures(parts: Mapping[str, Any], loads: Sequence[float], products: int) -> Figures:
    """Return the figures of the parts that were measured, as medians of their rounds."""
    makers: Mapping[str, Callable[[Any], Figures]] = {
        "full": _full,
        "calls": _calls,
        "delta": _delta,
        "watch": _watch,
        "usage": _usage,
        "apply": _apply,
        "asked": lambda asked: {"asked": asked},
    }
    found: Figures = {"machine": describe(), "versions": versions(*_DISTRIBUTIONS)}
    found |= {"products": products, "load": {"least": min(loads), "most": max(loads)}}
    for name, measured in parts.items():
        found |= makers[name](measured)
    return found


def _full(rounds: Rounds) -> Figures:
    def rate(name: str) -> float:
        return round(median(r[name]["rows_s"] for r in rounds))

    def ratio(one: str, other: str, what: str = "rows_s") -> float:
        return round(median(r[one][what] / r[other][what] for r in rounds), 3)

    rss = [r["chunks"]["rss_mb"] for r in rounds]
    return {
        "full_warm": {
            "rows_s": rate("warm"),
            "ratio_ceiling": ratio("warm", "ceiling"),
            "ratio_ceiling_same_frames": ratio("warm", "ceiling_pairs"),
            "ratio_ceiling_own_prices": ratio("warm_priced", "ceiling"),
        },
        "full_pg": {
            "rows_s": rate("chunks"),
            "rows_s_parsed": rate("chunks_parsed"),
            "ratio_ceiling": ratio("chunks", "ceiling_cold"),
            "ratio_ceiling_many_prices": ratio("chunks_many", "ceiling_cold"),
            "ratio_peer": ratio("chunks_parsed", "rest"),
            "cpu_ratio_peer": ratio("chunks", "rest", "cpu_s"),
        },
        "full_compressed": {
            "rows_s": rate("packed"),
            "ratio_peer_gzip": ratio("packed", "rest_gzip"),
            "ratio_peer_gzip_parsed": ratio("packed_parsed", "rest_gzip"),
            "saved": round(1 - rounds[0]["packed"]["bytes"] / rounds[0]["chunks"]["bytes"], 3),
        },
        "first_build": {"rows_s": rate("built")},
        "peer": {"rows_s": rate("rest"), "rows_s_gzip": rate("rest_gzip")},
        "ceiling": {"rows_s": rate("ceiling")},
        "rss_growth_mb": round(max(rss) - rss[0], 1),
    }


def _calls(rounds: Rounds) -> Figures:
    def middle(value: Callable[[Mapping[str, Any]], float]) -> float:
        return round(median(map(value, rounds)), 3)

    return {
        "get_version": {
            "p50_ms_1000qps": middle(lambda r: r["steady_p50_ms"]),
            "p99_ms_1000qps": middle(lambda r: r["steady_p99_ms"]),
            "calls_s": middle(lambda r: r["product_per_s"]),
            "ratio_bare": middle(lambda r: r["product_per_s"] / r["bare_per_s"]),
            "cpu_ratio_bare": middle(lambda r: r["bare_cpu_us"] / r["product_cpu_us"]),
            "p99_idle_ms": middle(lambda r: r["p99_idle_ms"]),
            "p99_under_4_syncs_ratio": middle(lambda r: r["p99_under_syncs_ms"] / r["p99_idle_ms"]),
            "under_syncs_ratio_bare": middle(
                lambda r: r["p99_under_syncs_ms"] / r["bare_p99_under_streams_ms"]
            ),
        }
    }


def _delta(rounds: Rounds) -> Figures:
    sizes = sorted(int(name.removeprefix("p50_ms_")) for name in rounds[0] if "p50" in name)
    p50s = [round(median(r[f"p50_ms_{size}"] for r in rounds), 2) for size in sizes]
    found: Figures = {"p50_ms": p50s[0], "products": sizes}
    if len(sizes) > 1:
        found["p50_ms_at_10x_catalogue"] = p50s[1]
        ratios = [r[f"p50_ms_{sizes[1]}"] / r[f"p50_ms_{sizes[0]}"] for r in rounds]
        found["ratio_at_10x"] = round(median(ratios), 3)
    return {"delta_100": found}


def _watch(measured: Mapping[str, float]) -> Figures:
    found = {name: round(value, 1) for name, value in measured.items()}
    ratio = measured["fanout_p99_ms"] / measured["bare_p99_ms"]
    return {"watch": found | {"ratio_bare": round(ratio, 2)}}


def _usage(rounds: Rounds) -> Figures:
    return {
        "usage": {
            "rows_s": round(median(r["grpc_rows_s"] for r in rounds)),
            "ratio_direct": round(median(r["grpc_rows_s"] / r["direct_rows_s"] for r in rounds), 3),
            "replay_rows_s": round(median(r["replay_rows_s"] for r in rounds)),
            "moved_by_replay": max(r["moved"] for r in rounds),
        }
    }


def _apply(rounds: Rounds) -> Figures:
    return {
        "apply": {
            "rows_s": round(median(r["rows_s"] for r in rounds)),
            "ratio_sqlite": round(median(r["ratio"] for r in rounds), 3),
        }
    }


def write_json(found: Figures) -> Figures:
    """Write the file that other programs read; parts that were not measured now are kept."""
    _JSON.parent.mkdir(parents=True, exist_ok=True)
    earlier = json.loads(_JSON.read_text()) if _JSON.exists() else {}
    if earlier.get("products") != found["products"]:
        earlier = {}
    loads = [load for one in (earlier, found) for load in one.get("load", {}).values()]
    found["load"] = {"least": min(loads), "most": max(loads)}
    whole = earlier | found
    _JSON.write_text(json.dumps(whole, indent=2) + "\n")
    return whole


def _rows(found: Figures) -> list[tuple[str, str, str, str, bool]]:
    rows = [
        (gate.part, gate.meaning, f"{gate.sign} {gate.bound:g}", f"{value:g}", gate.is_met(value))
        for gate in GATES
        if (value := found.get(gate.part, {}).get(gate.name)) is not None
    ]
    for name, (most_ms, most_bytes) in _ASKED.items():
        one = found.get("asked", {}).get(name)
        if one is None:
            continue
        of = f"{name}: {one['records']:g} records, " if one["records"] else f"{name}: "
        for unit, most in (("p50_ms", most_ms), ("bytes", most_bytes)):
            value = one[unit]
            rows.append(("asked", of + unit, f"< {most:g}", f"{value:.4g}", value < most))
    return rows


def show(found: Figures) -> None:
    """Print the gates, then every figure."""
    table = Table("what", "figure", "wanted", "measured", "")
    for part, meaning, wanted, measured, met in _rows(found):
        table.add_row(
            part, meaning, wanted, measured, "[green]met[/]" if met else "[red]not met[/]"
        )
    console = Console(width=120)
    console.print(table)
    console.print_json(json.dumps(found))


def write_docs(found: Figures) -> None:
    """Put the figures into docs/benchmarks.md."""
    publish("edge", _markdown(found))


def _markdown(found: Figures) -> str:
    load = found["load"]
    measured_on = (
        f"{found['products']:,} products, on {where(found['machine'], found['versions'])}. Load "
        f"average while measuring: {load['least']:g} to {load['most']:g}."
    )
    lines = [
        measured_on,
        "",
        "| what | figure | wanted | measured |  |",
        "| --- | --- | --- | --- | --- |",
        *(
            f"| {part} | {meaning} | {wanted} | {measured} | {'met' if met else 'not met'} |"
            for part, meaning, wanted, measured, met in _rows(found)
        ),
        "",
        "| all figures |  |",
        "| --- | --- |",
    ]
    for part in _SHOWN:
        lines += [f"| {part}.{name} | {value:,} |" for name, value in found.get(part, {}).items()]
    if "rss_growth_mb" in found:
        lines.append(f"| rss_growth_mb | {found['rss_growth_mb']:,} |")
    return "\n".join(lines)
