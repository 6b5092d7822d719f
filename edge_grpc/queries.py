"""The query files of the service, with named parameters; asyncpg numbers them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

_QUERIES = Path(__file__).resolve().parents[1] / "sql" / "queries"
_PLACEHOLDER = re.compile(r"%\((\w+)\)s")
Row = Mapping[str, Any]
# asyncpg carries no types: a pool and a connection have the same methods to ask with.
Connection = Any


@cache
def _numbered(name: str) -> tuple[str, tuple[str, ...]]:
    """Return the text of a query file with its parameters numbered, and their names in order."""
    names: list[str] = []

    def number(found: re.Match[str]) -> str:
        if found[1] not in names:
            names.append(found[1])
        return f"${names.index(found[1]) + 1}"

    return _PLACEHOLDER.sub(number, (_QUERIES / name).read_text()), tuple(names)


async def rows(conn: Connection, query: str, **parameters: Any) -> Sequence[Row]:  # noqa: ANN401
    """Run `sql/queries/<query>`; parameters that it does not name are left out."""
    text, names = _numbered(query)
    return await conn.fetch(text, *(parameters[name] for name in names))
