"""What one process of the stack is: a server that stays up, or a step that ends."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


def nothing() -> None:
    """Do nothing: most parts need no preparation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One process, what it waits for and how it shows that it works.

    Without `healthy` it is a step: it runs once and is done when it exits with 0.
    """

    name: str
    argv: tuple[object, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    after: tuple[str, ...] = ()
    healthy: Callable[[float], bool] | None = None  # asked with the time at which it was started
    is_done: Callable[[], bool] | None = None  # a step that need not run again
    before: Callable[[], None] = nothing  # files it needs; blocking and short
    finish: Callable[[], None] = nothing  # what a step leaves for `is_done`
    address: str = ""
    stop_signal: signal.Signals = signal.SIGTERM
    run_as: Mapping[str, Any] = field(default_factory=dict)  # user, group: as in subprocess.Popen
    retry_for: float = 2.0  # seconds in which a first start may fail and be tried again
    patience: float = 90.0  # seconds to become healthy
    stop_within: float = 8.0  # seconds from the stop signal to SIGKILL; two of them make 20 at most
    advice: str = "Run `python -m sandbox doctor`."
