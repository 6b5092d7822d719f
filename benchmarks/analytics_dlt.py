"""The peer of the ingest benchmark: the same calls with dlt, in an environment of its own.

Each answer's items are handed on as they came, whole pages at a time, fetched in parallel; nested
fields stay JSON in one flat table a list, appended by COPY (the least that dlt can be asked for:
no merge, no mapping). Settings come as one JSON object on standard input, the measurement goes as
one to standard output.
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
from dlt.sources.helpers import requests  # noqa: E402

Item = dict[str, Any]


def main() -> None:
    settings = json.load(sys.stdin)
    os.environ["EXTRACT__WORKERS"] = str(settings["threads"])
    began = time.perf_counter()
    pipeline = dlt.pipeline(
        pipeline_name="ad_benchmark",
        destination=dlt.destinations.postgres(settings["dsn"]),
        dataset_name=settings["dataset"],
    )
    resources = [
        _pages(settings, vendor, [call for call in settings["calls"] if call[0] == vendor])
        for vendor in sorted({call[0] for call in settings["calls"]})
    ]
    pipeline.run(resources)
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


def _pages(settings: Item, vendor: str, calls: list[list[str]]) -> Any:  # noqa: ANN401 - dlt's
    token = settings["keys"][vendor]
    headers = {"Authorization": f"Bearer {token}", "Access-Token": token}

    @dlt.resource(name=f"{vendor}_calls")
    def asked() -> Iterator[list[str]]:
        yield from calls

    @dlt.transformer(data_from=asked, name=vendor, max_table_nesting=0, parallelized=True)
    def page(call: list[str]) -> Iterator[list[Item]]:
        _, path, query = call
        pairs = [pair.partition("=")[::2] for pair in query.split("&") if pair]
        url = f"{settings['url']}/{vendor}{path}"
        yield _items(requests.get(url, params=pairs, headers=headers).json())

    return page


def _items(body: Item) -> list[Item]:
    """Return the list that an answer of any of the three holds."""
    found = body.get("data") or body.get("timeseries_stats") or body.get("campaigns") or []
    return found["list"] if isinstance(found, dict) else found


if __name__ == "__main__":
    main()
