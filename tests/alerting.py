"""Counts what an alert became: rows of the table, posts at the webhook, mails in the inbox.

A test that causes an alert is marked `provokes("<kind>", by="<how>")` and asks `told_once`; what
was counted goes with its report, and `--alerts-table` makes the table of docs/alerts.md of that.
"""

from __future__ import annotations

import email
import email.policy
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MARK, PROPERTY = "provokes", "told"
BEGIN, END = "<!-- provoked -->", "<!-- /provoked -->"
Record = Callable[[str, object], None]


@dataclass(frozen=True)
class People:
    """Those who are told in a test: each function returns what reached them of a kind of alert."""

    rows: Callable[[str], list[tuple[Any, ...]]]
    posts: Callable[[], list[dict[str, Any]]]
    mails: Callable[[], list[str]]
    record: Record

    def reached(self, kind: str) -> dict[str, int]:
        """Count what reached the table, the webhook and the inbox."""
        posts = [post for post in self.posts() if f"*kind* {kind}  " in _facts(post)]
        mails = [mail for mail in self.mails() if f"\nkind: {kind}\n" in mail]
        return {"rows": len(self.rows(kind)), "webhook": len(posts), "email": len(mails)}

    def told_once(self, kind: str) -> None:
        """Assert that each of them has it exactly once, with a way to its runbook."""
        reached = self.reached(kind)
        assert reached == {"rows": 1, "webhook": 1, "email": 1}, (kind, reached)
        [(runbook,)] = self.rows(kind)
        assert runbook.endswith(f"/sync-center/runbooks/{kind}")
        [post] = [_facts(post) for post in self.posts() if f"*kind* {kind}  " in _facts(post)]
        [mail] = [mail for mail in self.mails() if f"\nkind: {kind}\n" in mail]
        assert f"<{runbook}|What to do>" in post
        assert f"Runbook: {runbook}" in mail
        self.record(PROPERTY, {"kind": kind, **reached})


def _facts(post: dict[str, Any]) -> str:
    return post["body"]["blocks"][-1]["elements"][0]["text"]


def mails_with(maildir: Path, word: str) -> list[str]:
    """Return the text of each mail that has a word, such as an address that nobody else has."""
    found: list[str] = []
    for file in (maildir / "new").iterdir():
        content = file.read_bytes()
        if word.encode() in content:
            mail = email.message_from_bytes(content, policy=email.policy.default)
            found.append(mail.get_content())  # pyright: ignore[reportAttributeAccessIssue]
    return found


def claimed(item: Any) -> dict[str, str]:
    """Return the kinds that a test says it causes, and how."""
    return {mark.args[0]: mark.kwargs["by"] for mark in item.iter_markers(MARK)}


def table(measured: dict[str, dict[str, Any]]) -> str:
    """Return the lines of the table, by kind."""
    lines = [
        "| kind | caused by | webhook | e-mail | rows | test |",
        "|---|---|---|---|---|---|",
    ]
    for kind, seen in sorted(measured.items()):
        counts = " | ".join(str(seen[name]) for name in ("webhook", "email", "rows"))
        lines.append(f"| `{kind}` | {seen['by']} | {counts} | `{seen['test']}` |")
    return "\n".join(lines)


def replaced(page: str, block: str) -> str:
    """Return a page with its generated part replaced."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{block}\n{END}{after}"


def gathered(reports: list[Any]) -> dict[str, dict[str, Any]]:
    """Return {kind: what was counted, by whom} of passed tests' reports; the first test counts."""
    found: dict[str, dict[str, Any]] = {}
    for report in reports:
        properties = dict(report.user_properties)
        causes = json.loads(properties.get(MARK, "{}"))
        for name, value in report.user_properties:
            if name == PROPERTY and value["kind"] in causes:
                test = report.nodeid.removeprefix("tests/")
                seen = {**value, "by": causes[value["kind"]], "test": test}
                found.setdefault(value["kind"], seen)
    return found
