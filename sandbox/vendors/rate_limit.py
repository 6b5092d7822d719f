"""A vendor's limit on calls in any sliding window, and the ways vendors tell that it was passed."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import asdict, dataclass, field
from email.utils import formatdate
from typing import Any

from sandbox.vendors.wire import ControlError, Reply

STYLES = (
    "retry_after", "retry_after_date", "reset_epoch", "none", "v1_code_40", "v1_code_40_in_200",
)  # fmt: skip


def signal(reply: Reply, style: str, wait: float) -> Reply:
    """Put the style's headers on a vendor's refusal."""
    now = time.time()
    headers = dict(reply.headers)
    if style == "retry_after":
        headers["Retry-After"] = f"{wait:g}"
    elif style == "retry_after_date":
        headers["Retry-After"] = formatdate(now + wait, usegmt=True)
    elif style == "reset_epoch":
        headers["X-RateLimit-Remaining"] = "0"
        headers["X-RateLimit-Reset"] = str(int(now + wait + 0.999))
    return Reply(reply.status, reply.body, headers)


def check_style(style: str) -> None:
    if style not in STYLES:
        message = f"unknown style {style!r} (known: {', '.join(STYLES)})"
        raise ControlError(message)


@dataclass(slots=True)
class Limit:
    """At most `calls` in any `seconds`; refused calls do not count against it."""

    calls: int
    seconds: float = 1.0
    style: str = "retry_after"
    wait: float = 1.0
    _accepted: deque[float] = field(default_factory=deque)

    def __post_init__(self) -> None:
        check_style(self.style)

    def admit(self, now: float) -> bool:
        while self._accepted and now - self._accepted[0] >= self.seconds:
            self._accepted.popleft()
        if len(self._accepted) >= self.calls:
            return False
        self._accepted.append(now)
        return True

    def as_json(self) -> dict[str, Any]:
        shown = asdict(self)
        del shown["_accepted"]
        return shown
