"""Writes sql/schema.sql: what the migrations add up to, to read and to review.

`python -m sandbox.schema` dumps the warehouse named by WAREHOUSE_DSN; a test does the same and
compares.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from sandbox.postgres import binaries, without_password

SCHEMA_FILE = Path(__file__).resolve().parents[1] / "sql" / "schema.sql"
_HEADER = "-- Generated from sql/migrations by `make schema`; do not edit.\n"
# The dump's own words: session settings, and marks that differ at each run.
_NOISE = ("--", "SET ", "SELECT pg_catalog.set_config", "\\restrict", "\\unrestrict")


def dump_schema(dsn: str) -> str:
    """Return the definitions of all schemas but `public`, which holds the migration log."""
    address, secret = without_password(dsn)
    dumped = subprocess.run(
        [
            binaries() / "pg_dump",
            "--schema-only",
            "--no-owner",
            "--no-privileges",
            "--exclude-schema=public",
            address,
        ],
        env=os.environ | secret,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    lines = [line for line in dumped.splitlines() if not line.startswith(_NOISE)]
    kept = [line for line, before in zip(lines, ["", *lines], strict=False) if line or before]
    return _HEADER + "\n" + "\n".join(kept).strip() + "\n"


if __name__ == "__main__":
    if not os.environ.get("WAREHOUSE_DSN"):
        sys.exit("WAREHOUSE_DSN is not set: run `make schema`.")
    SCHEMA_FILE.write_text(dump_schema(os.environ["WAREHOUSE_DSN"]))
