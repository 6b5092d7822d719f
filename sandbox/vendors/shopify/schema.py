"""The schema of each API version that is still served."""
# pyright: reportMissingImports=false
# graphql-core is in the sandbox's own environment only.

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from graphql import GraphQLSchema, build_schema

VERSIONS = ("2025-10", "2026-01", "2026-04", "2026-07", "2026-10")
_SINCE = re.compile(r"^(?P<field>.*?)\s*# since (?P<version>[\d-]+)$")


def served_version(asked: str) -> str:
    """Return what a request is answered with: the oldest version, where the asked one is gone."""
    return asked if asked in VERSIONS else VERSIONS[0]


@cache
def schema_of(version: str) -> GraphQLSchema:
    source = (Path(__file__).with_name("schema.graphql")).read_text()
    kept = []
    for line in source.splitlines():
        marked = _SINCE.match(line)
        if marked is None:
            kept.append(line)
        elif version >= marked["version"]:
            kept.append(marked["field"])
    return build_schema("\n".join(kept))
