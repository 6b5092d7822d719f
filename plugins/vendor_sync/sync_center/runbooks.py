"""Runbooks as pages: what an alert means, what to look at, what to do."""

from __future__ import annotations

import re
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_SIBLING = re.compile(r"([a-z][a-z0-9_]*)\.md")


def runbook(directory: Path, kind: str) -> tuple[str, Markup] | None:
    """Return a runbook's title and text; None where there is none of that kind."""
    file = directory / f"{kind}.md"
    if not _NAME.fullmatch(kind) or not file.is_file():
        return None
    heading, _, text = file.read_text().partition("\n")
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = reader.parse(text)
    for token in tokens:
        _follow(token.children or [])
        if token.type == "fence":
            token.attrSet("tabindex", "0")  # wide ones are scrolled, by keyboard too
    html = reader.renderer.render(tokens, reader.options, {})
    return heading.lstrip("# ").strip(), Markup(html)  # noqa: S704 - ours, and raw HTML is escaped


def _follow(children: list[Token]) -> None:
    """Let links to other runbooks lead to their pages; other documents are not served here."""
    for token in children:
        address = str(token.attrGet("href") or "")
        if token.type != "link_open" or address.startswith("https://"):
            continue
        sibling = _SIBLING.fullmatch(address.partition("#")[0])
        if sibling:
            token.attrSet("href", sibling[1])
        else:
            token.tag = "span"
            token.attrs = {"title": address}
    depth = [token for token in children if token.type in {"link_open", "link_close"}]
    for begin, end in zip(depth[::2], depth[1::2], strict=True):
        end.tag = begin.tag
