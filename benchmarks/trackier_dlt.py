"""The peer: the same job with dlt, in an environment of its own (`dlt-requirements.txt`).

Configured for speed as dlt's performance guide says: pages of records rather than single ones,
groups of brands fetched in parallel, CSV files (loaded by COPY), no column of nested data, one
normaliser process (more cost more than they save at this size), `upsert` as the merge strategy.
With the setting `declared` it is dlt's own REST source instead: nothing mapped by hand, all lists
walked in the vendor's largest pages, nested fields kept as JSON in one flat table a list.
Settings come as one JSON object on standard input, the measurement goes as one to standard output.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any

SETTINGS = {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__LOG_LEVEL": "ERROR",
    "EXTRACT__MAX_PARALLEL_ITEMS": "20",
    "NORMALIZE__WORKERS": "1",
    "NORMALIZE__LOADER_FILE_FORMAT": "csv",
    "DATA_WRITER__BUFFER_MAX_ITEMS": "20000",
}
_files = tempfile.TemporaryDirectory(prefix="dlt-")  # gone when the process ends
os.environ.update(SETTINGS | {"DLT_DATA_DIR": _files.name})

import dlt  # noqa: E402 - reads its settings when it is imported
from dlt.sources.helpers.rest_client import RESTClient  # noqa: E402
from dlt.sources.helpers.rest_client.auth import APIKeyAuth  # noqa: E402
from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator  # noqa: E402
from dlt.sources.rest_api import rest_api_source  # noqa: E402

from benchmarks.memory import peak_kib  # noqa: E402

Item = dict[str, Any]
MERGE = {"disposition": "merge", "strategy": "upsert"}


@dlt.source(max_table_nesting=0)
def trackier(url: str, key: str, group_size: int) -> Any:  # noqa: ANN401 - dlt's decorators
    """Brands, and their offers in groups of brands: the same calls as the product makes."""
    client = RESTClient(
        base_url=url,
        auth=APIKeyAuth(name="X-Api-Key", api_key=key),
        paginator=JSONResponseCursorPaginator(cursor_path="lastId", cursor_param="lastId"),
    )

    @dlt.resource(name="brands", primary_key="external_id", write_disposition=MERGE)
    def brands() -> Iterator[list[Item]]:
        for page in client.paginate("/v2/advertisers", data_selector="advertisers"):
            rows = [_brand(item) for item in page]
            for first in range(0, len(rows), group_size):
                yield rows[first : first + group_size]

    @dlt.transformer(
        data_from=brands,
        name="offers",
        primary_key="external_id",
        write_disposition=MERGE,
        parallelized=True,
    )
    def offers(group: list[Item]) -> Iterator[list[Item]]:
        params = {"advertiser[]": [brand["external_id"] for brand in group]}
        for page in client.paginate("/v2/campaigns", params=params, data_selector="campaigns"):
            yield [_offer(item) for item in page]

    return brands, offers


def declared(url: str, key: str) -> Any:  # noqa: ANN401 - dlt's source
    """Declare the lists for dlt's own REST source, in the way that needs the fewest calls."""

    def whole_list(name: str) -> Item:
        endpoint = {"path": f"/v2/{name}", "data_selector": name}
        return {"name": name, "endpoint": endpoint, "parallelized": True}

    cursor = {"type": "cursor", "cursor_path": "lastId", "cursor_param": "lastId"}
    auth = {"type": "api_key", "name": "X-Api-Key", "api_key": key}
    source = rest_api_source(
        {
            "client": {"base_url": url, "auth": auth, "paginator": cursor},
            "resource_defaults": {"primary_key": "hashId", "write_disposition": MERGE},
            "resources": [whole_list("advertisers"), whole_list("campaigns")],
        }
    )
    source.max_table_nesting = 0
    return source


def _brand(item: Item) -> Item:
    return {
        "external_id": item["hashId"],
        "display_id": str(item["id"]),
        "name": item["name"],
        "status": item["status"],
        "is_active": item["status"] == "active",
    }


def _offer(item: Item) -> Item:
    payout = (item.get("payouts") or [{}])[0]
    amount, model = payout.get("payout"), item.get("commModel")
    return {
        "external_id": item["hashId"],
        "display_id": str(item["id"]),
        "advertiser_id": item["advertiserId"],
        "name": item["title"],
        "category": next(iter(item.get("categories") or []), None),
        "commission_pct": float(amount) if model in {"cps", "revshare"} and amount else None,
        "payout_amount": None if amount is None else float(amount),
        "payout_currency": payout.get("currency", item.get("currency")),
        "payout_model": model,
        "status": item["status"],
        "is_active": item["status"] == "active",
    }


def main() -> None:
    settings = json.load(sys.stdin)
    os.environ["EXTRACT__WORKERS"] = str(settings["concurrency"])
    began, used = time.perf_counter(), os.times()
    pipeline = dlt.pipeline(
        pipeline_name="trackier_benchmark",
        destination=dlt.destinations.postgres(settings["peer_dsn"]),
        dataset_name="affiliate",
    )
    url, key = settings["url"], settings["key"]
    is_declared = settings["declared"]
    pipeline.run(declared(url, key) if is_declared else trackier(url, key, settings["group_size"]))
    seconds, spent = time.perf_counter() - began, os.times()
    rows = pipeline.last_trace.last_normalize_info.row_counts
    measured = {
        "seconds": seconds,
        "cpu_seconds": spent.user + spent.system - used.user - used.system,
        "peak_kib": peak_kib(),
        "result": rows,
        "version": dlt.__version__,
    }
    sys.stdout.write(json.dumps(measured) + "\n")


if __name__ == "__main__":
    main()
