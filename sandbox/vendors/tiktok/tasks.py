"""Report tasks: they wait, they run, and what they give is hours old."""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sandbox.vendors.ad_world.world import World
from sandbox.vendors.tiktok.errors import NO_TASK, TASK_FAILED, TASK_NOT_READY, RefusedError
from sandbox.vendors.tiktok.reports import Query, rows

HOURS_OLD = 3
_COURSE = ("QUEUING", "PROCESSING", "PROCESSING", "SUCCESS")
_ENDS = ("FAILED", "CANCELED")
_TITLES = {"campaign_id": "Campaign ID", "stat_time_day": "Date", "spend": "Cost",
           "impressions": "Impression", "clicks": "Click"}  # fmt: skip


@dataclass(slots=True)
class Task:
    query: Query
    translated: bool
    end: str = ""
    polls: int = 0

    @property
    def done(self) -> bool:
        return not self.end and self.polls >= len(_COURSE)

    def poll(self) -> dict[str, Any]:
        """Return the state; every look brings the task on by one step."""
        self.polls += 1
        if self.end and self.polls > 1:
            why = "the task had an error" if self.end == "FAILED" else ""
            return {"status": self.end, "message": why}
        return {"status": _COURSE[min(self.polls, len(_COURSE)) - 1], "message": ""}


@dataclass(slots=True)
class Tasks:
    """The tasks of a server; `ends` are what the next ones come to."""

    made: dict[str, Task] = field(default_factory=dict)
    ends: deque[str] = field(default_factory=deque)

    def start(self, query: Query, *, translated: bool) -> str:
        task_id = str(6_990_000_000_000_000_001 + len(self.made))
        self.made[task_id] = Task(query, translated, self.ends.popleft() if self.ends else "")
        return task_id

    def find(self, task_id: str) -> Task:
        try:
            return self.made[task_id]
        except KeyError:
            raise RefusedError(NO_TASK) from None

    def download(self, world: World, task_id: str) -> str:
        """Return the report as CSV, as the world was some hours ago."""
        task = self.find(task_id)
        if task.end:
            raise RefusedError(TASK_FAILED)
        if not task.done:
            raise RefusedError(TASK_NOT_READY)
        now = world.now
        world.now = now - timedelta(hours=HOURS_OLD)
        try:
            made = rows(world, task.query)
        finally:
            world.now = now
        return _csv(["campaign_id", "stat_time_day", *task.query.metrics], made, task)

    def fail_next(self, end: str, times: int = 1) -> dict[str, Any]:
        """Let the next tasks end as FAILED or CANCELED (control operation)."""
        if end not in _ENDS:
            message = f"a task ends as one of {', '.join(_ENDS)}, not {end!r}"
            raise ValueError(message)
        self.ends.extend([end] * times)
        return {"ends": list(self.ends)}


def _csv(names: Sequence[str], made: Sequence[dict[str, Any]], task: Task) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    titles = [_TITLES.get(name, name.replace("_", " ").title()) for name in names]
    writer.writerow(titles if task.translated else names)
    for row in made:
        cells = {**row["dimensions"], **row["metrics"]}
        writer.writerow([cells[name] for name in names])
    return text.getvalue()
