"""Report runs: they are asked for, are late, and sometimes fail."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from sandbox.vendors.meta.errors import MISSING, NOT_READY, RefusedError
from sandbox.vendors.meta.insights import Query

# What the polls see, in turn. The second last is the trap: all done, and still not completed.
_COURSE = (
    ("Job Not Started", 0), ("Job Started", 0), ("Job Running", 35), ("Job Running", 100),
    ("Job Completed", 100),
)  # fmt: skip
_ENDS = {
    "failed": {
        "async_status": "Job Failed", "async_percent_completion": 40, "error_code": -2,
        "error_subcode": 2490547, "error_message": "the report run failed",
        "error_user_title": "Not done", "error_user_msg": "Ask for less.",
    },
    "skipped": {"async_status": "Job Skipped", "async_percent_completion": 0},
    "strange": {"async_status": "Job Dreaming", "async_percent_completion": 7},
}  # fmt: skip


@dataclass(slots=True)
class Job:
    """`early` polls come before the run can be found; `end` is how it goes wrong, if it does."""

    run_id: str
    query: Query
    early: int
    end: str = ""
    polls: int = 0

    @property
    def completed(self) -> bool:
        return not self.end and self.polls - self.early >= len(_COURSE)

    def poll(self) -> dict[str, Any]:
        """Return the run as it is now; every look brings it on by one step."""
        self.polls += 1
        step = self.polls - self.early - 1
        if step < 0:
            raise RefusedError(MISSING)
        shown: dict[str, Any] = {"id": self.run_id, "account_id": self.query.account.account_id}
        if self.end and step > 0:
            return {**shown, **_ENDS[self.end]}
        status, percent = _COURSE[min(step, len(_COURSE) - 1)]
        running = status in {"Job Started", "Job Running"}
        progress = {"async_status": status, "async_percent_completion": percent}
        return {**shown, **progress, "is_running": running}


@dataclass(slots=True)
class Jobs:
    """The report runs of a server; `ends` are what the next ones come to."""

    made: dict[str, Job] = field(default_factory=dict)
    ends: deque[str] = field(default_factory=deque)

    def start(self, query: Query, *, early: int) -> str | int:
        """Return the run's id: text for the first, a number for the second, and so on."""
        number = 6_023_920_149_050 + len(self.made)
        run_id = str(number)
        self.made[run_id] = Job(run_id, query, early, self.ends.popleft() if self.ends else "")
        return run_id if len(self.made) % 2 else number

    def find(self, run_id: str) -> Job:
        try:
            return self.made[run_id]
        except KeyError:
            raise RefusedError(MISSING) from None

    def result(self, run_id: str) -> Query:
        job = self.find(run_id)
        if not job.completed:
            raise RefusedError(NOT_READY)
        return job.query

    def fail_next(self, end: str, times: int = 1) -> dict[str, Any]:
        """Let the next runs end as `failed`, `skipped` or `strange` (control operation)."""
        if end not in _ENDS:
            message = f"a run ends as one of {', '.join(_ENDS)}, not {end!r}"
            raise ValueError(message)
        self.ends.extend([end] * times)
        return {"ends": list(self.ends)}
