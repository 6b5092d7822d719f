"""What is done to the parts, in an order that a seed draws, and how long each needs to be back."""

from __future__ import annotations

import logging
import random
import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import Any

from sandbox import processes
from sandbox.part import Part
from tests.e2e.chaos.stacks import Stacks

logger = logging.getLogger(__name__)
KINDS = ("kill", "pause", "slow", "refuse")
LASTING = (1.0, 8.0)  # seconds, drawn evenly
PAUSES = (2.0, 9.0)
SLOWNESS = (0.05, 0.4)
_PATIENCE = 240.0
_POLL = 0.1
# Asking one of these whether it is healthy costs seconds of a core; their supervisor does it once.
_DEAR = "airflow-worker"


@dataclass(frozen=True)
class Fault:
    """One thing done to one part, and after how many seconds it answered again; None: never."""

    kind: str
    part: str
    at: float
    lasted: float
    recovered_in: float | None


class Disturber:
    """Two hands that disturb parts, each one part at a time and never both the same."""

    def __init__(self, stacks: Stacks, seed: int, *, hands: int = 2) -> None:
        self._stacks = stacks
        self._parts = stacks.parts()
        self._seed = seed
        self._hands = hands
        self._began = time.monotonic()
        self._lock = threading.Lock()
        self._busy: set[str] = set()
        self._deck: list[tuple[str, str]] = []
        self._stop = threading.Event()
        self.faults: list[Fault] = []
        self.errors: list[str] = []

    def run(self, seconds: float) -> None:
        """Disturb for so long; return when everything that was disturbed is back."""
        self._began = time.monotonic()
        end = self._began + seconds
        hands = [
            threading.Thread(target=self._hand, args=(number, end), daemon=True)
            for number in range(self._hands)
        ]
        for hand in hands:
            hand.start()
        for hand in hands:
            hand.join()

    def report(self, successes: list[float]) -> dict[str, Any]:
        """Return counts by kind and by part, and how long recoveries took, in seconds.

        `successes` are the (monotonic) ends of the flows' good runs: the first one after a fault
        tells when the whole was at work again.
        """
        by_part = {}
        for name in self._parts:
            took = sorted(
                fault.recovered_in
                for fault in self.faults
                if fault.part == name and fault.recovered_in is not None
            )
            by_part[name] = {
                "faults": dict(Counter(f.kind for f in self.faults if f.part == name)),
                "recoveries": len(took),
                "recovery_seconds": summary(took),
            }  # fmt: skip
        return {
            "injected": len(self.faults),
            "by_kind": dict(Counter(fault.kind for fault in self.faults)),
            "recoveries": sum(fault.recovered_in is not None for fault in self.faults),
            "seconds_to_the_next_good_run": summary(self._waits(successes)),
            "by_part": by_part,
        }

    def _waits(self, successes: list[float]) -> list[float]:
        ends = sorted(successes)
        over = (self._began + fault.at + fault.lasted for fault in self.faults)
        later = (next((end - at for end in ends if end > at), None) for at in over)
        return sorted(wait for wait in later if wait is not None)

    def _hand(self, number: int, end: float) -> None:
        chance = random.Random(f"{self._seed}/{number}")
        while True:
            time.sleep(chance.uniform(*PAUSES))
            if time.monotonic() >= end:
                return
            kind, part = self._draw(chance)
            try:
                self._disturb(kind, part, chance)
            except Exception as error:  # the report says so; the other parts go on
                logger.exception("%s %s", kind, part)
                self.errors.append(f"{kind} {part}: {error!r}")
            finally:
                with self._lock:
                    self._busy.discard(part)

    def _draw(self, chance: random.Random) -> tuple[str, str]:
        """Draw what to do next: each kind for each part before anything comes again."""
        with self._lock:
            free = [card for card in self._deck if card[1] not in self._busy]
            if not free:
                self._deck += [(kind, part) for part in self._parts for kind in self._kinds(part)]
                free = [card for card in self._deck if card[1] not in self._busy]
            card = chance.choice(free)
            self._deck.remove(card)
            self._busy.add(card[1])
            return card

    def _kinds(self, part: str) -> tuple[str, ...]:
        return KINDS if part in self._stacks.lines else KINDS[:2]

    def _disturb(self, kind: str, part: str, chance: random.Random) -> None:
        began = time.monotonic()
        lasting = chance.uniform(*LASTING)
        slowness = chance.uniform(*SLOWNESS)
        lines = self._stacks.lines
        match kind:
            case "kill":
                self._kill(part)
            case "pause":
                self._pause(part, lasting)
            case "slow":
                lines.slow(part, slowness)
            case _:
                lines.refuse(part)
        if kind in {"slow", "refuse"}:
            time.sleep(lasting)
            lines.calm(part)
        released = began if kind == "kill" else time.monotonic()
        is_back = partial(self._is_back, self._parts[part], time.time())
        took = self._seconds_until(is_back, released)
        fault = Fault(kind, part, began - self._began, released - began, took)
        with self._lock:
            self.faults.append(fault)
        told = "not back" if took is None else f"back after {took:.1f} s"
        logger.info(
            "%4.0f s  %-6s %-22s %4.1f s, %s",
            began - self._began, kind, part, released - began, told,
        )  # fmt: skip

    def _process(self, part: str) -> processes.Process:
        found = processes.load(self._stacks.home_of(part).record(part))
        if found is None:
            message = f"{part} has no process"
            raise RuntimeError(message)
        return found

    def _kill(self, part: str) -> None:
        """Kill -9 a part with all that it runs, and wait until its supervisor has noticed."""
        victim = self._process(part)
        victim.kill_session()
        self._seconds_until(lambda: self._stacks.pid(part)[1] != victim.pid, time.monotonic())

    def _pause(self, part: str, seconds: float) -> None:
        victim = self._process(part)
        victim.send_session(signal.SIGSTOP)
        try:
            time.sleep(seconds)
        finally:
            victim.send_session(signal.SIGCONT)

    def _is_back(self, part: Part, since: float) -> bool:
        if self._stacks.pid(part.name)[0] != "healthy":
            return False
        dear = part.name.startswith(_DEAR) or part.healthy is None
        return dear or bool(part.healthy and part.healthy(since))

    def _seconds_until(self, is_so: Any, since: float) -> float | None:
        while not is_so():
            if time.monotonic() - since > _PATIENCE:
                return None
            time.sleep(_POLL)
        return time.monotonic() - since


def summary(figures: list[float]) -> dict[str, float]:
    """Return the middle and the end of sorted figures; nothing where there are none."""
    if not figures:
        return {}
    return {"median": round(figures[len(figures) // 2], 1), "max": round(figures[-1], 1)}
