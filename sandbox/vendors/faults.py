"""Rules that make chosen calls fail, and how often each of them has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from sandbox.vendors.rate_limit import check_style
from sandbox.vendors.wire import Call, ControlError

KINDS = frozenset({
    "status",
    "latency",
    "trickle",
    "reset",
    "close",
    "truncated_json",
    "malformed_json",
    "html",
    "empty",
    "too_many",
    "commit_then_timeout",
    "token_expired",
    "quoting",
    "stuck",
})  # fmt: skip
# These do not ask the vendor; with `commit` they do, and drop what it answers.
SILENT = frozenset(
    {"status", "close", "html", "empty", "too_many", "token_expired", "quoting", "stuck"}
)


@dataclass(slots=True)
class Rule:
    """Which calls fail, and how; `after` lets the first matching calls through."""

    id: int
    vendor: str
    action: dict[str, Any]
    method: str = ""
    path: str = ""
    query: str = ""
    after: int = 0
    times: int | None = None
    probability: float = 1.0
    seed: int = 0
    matched: int = 0
    fired: int = 0
    _random: Random = field(default_factory=Random)

    def __post_init__(self) -> None:
        self._random = Random(self.seed)
        if self.action.get("kind") not in KINDS:
            message = (
                f"unknown action {self.action.get('kind')!r} (known: {', '.join(sorted(KINDS))})"
            )
            raise ControlError(message)
        if self.action.get("commit") and self.action["kind"] not in SILENT:
            message = f"commit goes with {', '.join(sorted(SILENT))}; the others answer anyway"
            raise ControlError(message)
        check_style(self.action.get("style", "none"))

    def covers(self, vendor: str, call: Call) -> bool:
        return (
            self.vendor == vendor
            and self.method in {"", call.method}
            and (not self.path or re.search(self.path, call.path) is not None)
            and (not self.query or _found(self.query, call.query_text))
        )

    def fires(self) -> bool:
        """Count a match, and say whether it is one that fails."""
        self.matched += 1
        if self.matched <= self.after or (self.times is not None and self.fired >= self.times):
            return False
        if self.probability < 1.0 and self._random.random() >= self.probability:
            return False
        self.fired += 1
        return True

    def as_json(self) -> dict[str, Any]:
        names = ("id", "vendor", "method", "path", "query", "after", "times", "probability")
        shown = {name: getattr(self, name) for name in (*names, "seed", "action")}
        return {**shown, "matched": self.matched, "fired": self.fired}


class FaultRules:
    """The rules in the order they were added; the first that fires decides."""

    def __init__(self) -> None:
        self._rules: dict[int, Rule] = {}
        self._last_id = 0

    def add(self, arguments: Mapping[str, Any]) -> Rule:
        self._last_id += 1
        try:
            rule = Rule(id=self._last_id, **arguments)
            re.compile(rule.path)
        except (TypeError, re.error) as error:
            raise ControlError(str(error)) from error
        self._rules[rule.id] = rule
        return rule

    def match(self, vendor: str, call: Call) -> Rule | None:
        for rule in self._rules.values():
            if rule.covers(vendor, call) and rule.fires():
                return rule
        return None

    def remove(self, rule_id: int) -> None:
        if self._rules.pop(rule_id, None) is None:
            message = f"no fault rule {rule_id}"
            raise ControlError(message)

    def clear(self) -> None:
        self._rules.clear()

    def listed(self) -> list[dict[str, Any]]:
        return [rule.as_json() for rule in self._rules.values()]


def _found(wanted: str, text: str) -> bool:
    """Take the wanted text literally first: brackets of parameters are no character class."""
    if wanted in text:
        return True
    try:
        return re.search(wanted, text) is not None
    except re.error:
        return False
