"""The peer of the ingest benchmark: dlt, in an environment of its own (`dlt-requirements.txt`).

The job is the product's: campaigns and campaign-days of many accounts, merged by key, so that a
second run changes nothing. Thrice: `plain` is dlt's own REST source, an endpoint a list, with dlt's
defaults; `declared` is the same with nested fields kept as JSON; `mapped` is a source written by
hand with the same columns as the floor's. The latter two are set up for speed as dlt's performance
guide says: accounts read in parallel, whole pages handed on, files loaded by COPY, no table for
nested data, one normaliser process, `upsert`.
The flavour is the argument, settings come as one JSON object on standard input, the measurement
goes as one to standard output.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

PLAIN = "plain"
_QUIET = {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR"}
_FAST = {
    "EXTRACT__MAX_PARALLEL_ITEMS": "20",
    "NORMALIZE__WORKERS": "1",
    "NORMALIZE__LOADER_FILE_FORMAT": "csv",
    "DATA_WRITER__BUFFER_MAX_ITEMS": "20000",
}
_files = tempfile.TemporaryDirectory(prefix="dlt-")  # gone when the process ends
_tuned = sys.argv[1:] != [PLAIN]
os.environ.update(_QUIET | (_FAST if _tuned else {}) | {"DLT_DATA_DIR": _files.name})

import dlt  # noqa: E402 - reads its settings when it is imported
from dlt.sources.helpers import requests  # noqa: E402
from dlt.sources.rest_api import rest_api_source  # noqa: E402

Item = dict[str, Any]
MERGE = {"disposition": "merge", "strategy": "upsert"} if _tuned else "merge"
# What a list of the REST source is told beside its endpoint.
_TABLE = {"max_table_nesting": 0, "parallelized": True} if _tuned else {}
_SERIES = "timeseries_stats[*].timeseries_stat"
# Where the rows of an answer are, and what tells them apart.
_LISTS = {
    "meta": ("data", ["id"], "data", ["campaign_id", "date_start"]),
    "tiktok": ("data.list", ["campaign_id"], "data.list", ["campaign_id", "day"]),
    "snapchat": ("campaigns[*].campaign", ["id"], f"{_SERIES}.breakdown_stats.campaign[*]", ["id"]),
}  # fmt: skip
# Calls that dlt's REST source makes one after the other; the groups run side by side.
_GROUP = 5
_PURCHASES = ("omni_purchase", "purchase", "offsite_conversion.fb_pixel_purchase")


def main() -> None:
    settings = json.load(sys.stdin)
    if _tuned:
        os.environ["EXTRACT__WORKERS"] = str(settings["threads"])
    began = time.perf_counter()
    pipeline = dlt.pipeline(
        pipeline_name="ad_benchmark",
        destination=dlt.destinations.postgres(settings["dsn"]),
        dataset_name=settings["dataset"],
    )
    make = _mapped if sys.argv[1] == "mapped" else _declared
    vendors = sorted({call[0] for call in settings["calls"]})
    pipeline.run([each for vendor in vendors for each in make(settings, vendor)])
    measured = {
        "seconds": time.perf_counter() - began,
        "rows": sum(
            count
            for name, count in pipeline.last_trace.last_normalize_info.row_counts.items()
            if not name.startswith("_dlt")
        ),
        "version": dlt.__version__,
    }
    sys.stdout.write(json.dumps(measured) + "\n")


def _declared(settings: Item, vendor: str) -> list[Any]:
    """Declare the two lists of each account; the pages that the product asks for, no other."""
    campaigns, campaign_key, days, day_key = _LISTS[vendor]
    calls = _calls(settings, vendor)

    def listed(name: str, kind: str, selector: str, key: list[str]) -> Item:
        return {
            "name": f"{vendor}_{name}",
            "primary_key": key,
            "write_disposition": MERGE,
            **_TABLE,
            "endpoint": {
                "path": "{resources." + f"{vendor}_{kind}_asked" + ".path}?{resources."
                + f"{vendor}_{kind}_asked" + ".query}",
                "data_selector": selector,
                "paginator": "single_page",
            },
        }  # fmt: skip

    def only(kind: str) -> Any:  # noqa: ANN401 - dlt's resource
        rows = [
            {"path": path.lstrip("/"), "query": query}
            for path, query in calls
            if _is_report(path) is (kind == "days")
        ]
        size = _GROUP if _tuned else len(rows)
        groups = [rows[first : first + size] for first in range(0, len(rows), size)]
        return dlt.resource(groups, name=f"{vendor}_{kind}_asked", selected=False)

    source = rest_api_source(
        {
            "client": {
                "base_url": f"{settings['url']}/{vendor}/",
                "headers": _headers(settings, vendor),
            },
            "resources": [
                only("campaigns"),
                only("days"),
                listed("campaigns", "campaigns", campaigns, campaign_key),
                listed("days", "days", days, day_key),
            ],
        },
        name=vendor,
    )
    if vendor == "tiktok":  # whose rows keep their keys one level down
        source.resources["tiktok_days"].add_map(_with_place)
    return [source]


def _mapped(settings: Item, vendor: str) -> list[Any]:
    """Read the same pages by hand, whole pages at a time, into eight columns of each day."""
    headers = _headers(settings, vendor)
    calls = _calls(settings, vendor)

    def table(name: str, key: list[str], read: Callable[[Item], Iterator[Item]]) -> Any:  # noqa: ANN401
        asked = dlt.resource(
            [
                {"at": f"{path}?{query}"}
                for path, query in calls
                if _is_report(path) is (name == "days")
            ],
            name=f"{vendor}_{name}_calls",
            selected=False,
        )

        @dlt.transformer(
            data_from=asked,
            name=f"{vendor}_{name}",
            primary_key=key,
            write_disposition=MERGE,
            max_table_nesting=0,
            parallelized=True,
        )
        def page(call: Item) -> Iterator[list[Item]]:
            answer = requests.get(f"{settings['url']}/{vendor}{call['at']}", headers=headers)
            yield list(read(answer.json()))

        return page

    return [
        table("campaigns", ["campaign_id"], _campaigns),
        table("days", ["campaign_id", "date"], _READERS[vendor]),
    ]


def _calls(settings: Item, vendor: str) -> list[tuple[str, str]]:
    """Return the paths and queries, which the vendor sandbox lists as they read in plain."""
    return [
        (path, urlencode([pair.partition("=")[::2] for pair in query.split("&") if pair]))
        for name, path, query in settings["calls"]
        if name == vendor
    ]


def _headers(settings: Item, vendor: str) -> dict[str, str]:
    token = settings["keys"][vendor]
    return {"Authorization": f"Bearer {token}", "Access-Token": token}


def _is_report(path: str) -> bool:
    return any(word in path for word in ("insights", "report", "stats"))


def _with_place(item: Item) -> Item:
    place = item["dimensions"]
    return {"campaign_id": place["campaign_id"], "day": place["stat_time_day"], **item}


def _campaigns(body: Item) -> Iterator[Item]:
    found = body.get("campaigns") or body["data"]
    for item in found["list"] if isinstance(found, dict) else found:
        one = item.get("campaign", item)
        yield {
            "campaign_id": str(one.get("id") or one["campaign_id"]),
            "name": one.get("name") or one.get("campaign_name"),
        }


def _meta(body: Item) -> Iterator[Item]:
    for item in body["data"]:
        yield _day(
            item["campaign_id"], item["date_start"], item.get("impressions"), item.get("clicks"),
            item.get("spend"), _purchases(item.get("actions")),
            _purchases(item.get("action_values")), item.get("reach"),
        )  # fmt: skip


def _purchases(actions: list[Item] | None) -> str | None:
    known = {action["action_type"]: action["value"] for action in actions or []}
    return next((known[name] for name in _PURCHASES if name in known), None)


def _tiktok(body: Item) -> Iterator[Item]:
    for item in body["data"]["list"]:
        shown = {name: None if value == "-" else value for name, value in item["metrics"].items()}
        place = item["dimensions"]
        yield _day(
            place["campaign_id"], place["stat_time_day"][:10], shown.get("impressions"),
            shown.get("clicks"), shown.get("spend"), shown.get("complete_payment"),
            shown.get("total_complete_payment_rate"), shown.get("reach"),
        )  # fmt: skip


def _snapchat(body: Item) -> Iterator[Item]:
    for part in body["timeseries_stats"]:
        for one in part["timeseries_stat"].get("breakdown_stats", {}).get("campaign", []):
            for point in one["timeseries"]:
                stats = point["stats"]
                yield _day(
                    one["id"], point["start_time"][:10], stats.get("impressions"),
                    stats.get("swipes"), stats.get("spend", 0) / 1_000_000,
                    stats.get("conversion_purchases"),
                    stats.get("conversion_purchases_value", 0) / 1_000_000, None,
                )  # fmt: skip


_NUMBERS = ("impressions", "clicks", "spend", "conversions", "conversion_value", "reach")


def _day(campaign_id: str, date: str, *numbers: Any) -> Item:  # noqa: ANN401 - text or number
    figures = (None if number is None else float(number) for number in numbers)
    return {"campaign_id": campaign_id, "date": date} | dict(zip(_NUMBERS, figures, strict=True))


_READERS = {"meta": _meta, "tiktok": _tiktok, "snapchat": _snapchat}


if __name__ == "__main__":
    main()
