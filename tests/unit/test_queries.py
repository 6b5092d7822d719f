"""Query files: each is asked by somebody, and says what it is given."""

from __future__ import annotations

import ast
import re
from itertools import takewhile

from sandbox.home import REPOSITORY

QUERIES = REPOSITORY / "sql" / "queries"
FILES = {str(file.relative_to(QUERIES)): file.read_text() for file in QUERIES.glob("**/*.sql")}


def names_in_code():
    """Return the texts of the code that may name a query, and `edge/list_removed_{plural}.sql`."""
    texts, patterns = set(), set()
    for package in ("plugins", "edge_grpc"):
        for file in (REPOSITORY / package).glob("**/*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    texts.add(node.value)
                elif isinstance(node, ast.JoinedStr) and ".sql" in ast.unparse(node):
                    patterns.add("".join(map(pattern, node.values)))
    return texts, patterns


def pattern(part):
    return re.escape(str(part.value)) if isinstance(part, ast.Constant) else r"\w+"


def test_every_query_is_asked():
    texts, patterns = names_in_code()
    # Sync Center's are named without folder and ending.
    texts |= {f"sync_center/{text}.sql" for text in texts}
    several = re.compile("|".join(patterns - {r"sync_center/\w+\.sql"}))

    assert [name for name in FILES if name not in texts and not several.fullmatch(name)] == []


def test_every_query_names_what_it_is_given():
    silent = {}
    for name, text in FILES.items():
        head = " ".join(takewhile(lambda line: line.startswith("--"), text.splitlines()))
        named = set(re.findall(r"\w+", head.partition("Params")[2]))
        if missing := set(re.findall(r"%\((\w+)\)s", text)) - named:
            silent[name] = missing
    assert silent == {}
