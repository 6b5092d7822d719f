"""The join at the heart of attribution, in DuckDB; prints its seconds as JSON."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import duckdb

_JOIN = """
SELECT count(*), sum(hash(click_id)) FROM (
    SELECT o.order_id, c.click_id
    FROM orders AS o
    JOIN visitors AS v USING (connection_id, external_id)
    JOIN clicks AS c ON c.workspace_id = o.workspace_id AND c.visitor_id = v.visitor_id
        AND o.at - c.at BETWEEN -300 AND 604800
    WHERE c.click_platform IS NOT NULL OR c.source_platform IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY o.order_id ORDER BY c.at DESC, c.click_id DESC) = 1
)
"""


def main() -> None:
    folder = Path(sys.argv[1])
    database = duckdb.connect()
    for name in ("orders", "visitors", "clicks"):
        file = (folder / f"{name}.csv").as_posix()
        database.execute(f"CREATE TABLE {name} AS FROM read_csv('{file}')")
    started = time.perf_counter()
    row = database.execute(_JOIN).fetchone()
    seconds = time.perf_counter() - started
    print(
        json.dumps({"seconds_duckdb_join": round(seconds, 3), "duckdb_credited": row and row[0],
                    "duckdb_version": duckdb.__version__})
    )  # fmt: skip


if __name__ == "__main__":
    main()
