"""What is still needed stays, however old it is; what is old goes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.integration.retention.conftest import Attic, ago
from vendor_sync.errors import ConfigurationError

pytestmark = pytest.mark.integration
PAGES, RUNS, REJECTS = 90, 180, 90
# On both sides of what is kept so many days, and never on the edge; 0.02 is half an hour.
AGES = st.sampled_from([0.02, 30, 89, 91, 120, 179, 181, 300, 1000])


@dataclass(frozen=True, slots=True)
class Story:
    """A run of long ago and what is left of it, in days before now."""

    began: float
    status: str
    pages: list[float]
    rejects: list[float]
    published: list[bool]
    outcomes: int
    alerts: list[tuple[float | None, bool]]

    @property
    def is_at_work(self) -> bool:
        return self.status in {"running", "waiting"}

    @property
    def has_open_alert(self) -> bool:
        return any(resolved is None for resolved, _ in self.alerts)

    def page_stays(self, days: float) -> bool:
        return days < PAGES

    def reject_stays(self, days: float) -> bool:
        return days < REJECTS or self.has_open_alert

    def event_stays(self, published: bool) -> bool:  # noqa: FBT001
        return self.began < RUNS or not published

    @property
    def outcomes_stay(self) -> bool:
        return self.began < RUNS or self.is_at_work

    def alert_stays(self, resolved: float | None, pending: bool) -> bool:  # noqa: FBT001
        return resolved is None or resolved < RUNS or pending

    @property
    def stays(self) -> bool:
        held = (
            self.is_at_work,
            self.has_open_alert,
            any(map(self.page_stays, self.pages)),
            any(map(self.reject_stays, self.rejects)),
            any(map(self.event_stays, self.published)),
            self.outcomes and self.outcomes_stay,
        )
        return self.began < RUNS or any(held)


def _stories(began: float) -> st.SearchStrategy[Story]:
    younger = AGES.filter(lambda days: days <= began)
    resolved = st.one_of(st.none(), younger)
    return st.builds(
        Story,
        began=st.just(began),
        status=st.sampled_from(["completed", "completed", "failed", "skipped", "running"]),
        pages=st.lists(younger, max_size=3),
        rejects=st.lists(younger, max_size=3),
        published=st.lists(st.booleans(), max_size=1),
        outcomes=st.integers(0, 3),
        alerts=st.lists(st.tuples(resolved, st.booleans()), max_size=2),
    )


def _enter(attic: Attic, stories: list[Story]) -> dict[str, set[Any]]:
    """Enter the stories, the oldest first as their keys grow; return what has to stay."""
    stay: dict[str, set[Any]] = {
        name: set() for name in ("runs", "pages", "rejects", "events", "outcomes", "alerts")
    }
    for story in sorted(stories, key=lambda one: -one.began):
        run = attic.run(story.began, status=story.status)
        for days in story.pages:
            key = attic.page(run, days)
            stay["pages"] |= {key} if story.page_stays(days) else set()
        for days in story.rejects:
            key = attic.reject(run, days)
            stay["rejects"] |= {key} if story.reject_stays(days) else set()
        for published in story.published:
            key = attic.event(run, story.began, published=published)
            stay["events"] |= {key} if story.event_stays(published) else set()
        for number in range(story.outcomes):
            attic.outcome(run, str(number))
        for resolved, pending in story.alerts:
            key = attic.alert(run, resolved, pending=pending)
            stay["alerts"] |= {key} if story.alert_stays(resolved, pending) else set()
        stay["outcomes"] |= {run} if story.outcomes and story.outcomes_stay else set()
        stay["runs"] |= {run} if story.stays else set()
    return stay


def _what_is_there(attic: Attic) -> dict[str, set[Any]]:
    runs = attic.rows("SELECT run_key FROM ops.sync_runs WHERE flow = 'old_flow'")
    return {
        "runs": {row[0] for row in runs},
        "pages": attic.keys("ops.sync_pages", "page_key"),
        "rejects": attic.keys("ops.sync_rejects", "reject_key"),
        "events": attic.keys("ops.sync_events", "event_id"),
        "outcomes": attic.keys("ops.sync_outcomes", "run_key"),
        "alerts": attic.keys("ops.alerts", "alert_key"),
    }


@pytest.mark.parametrize("examples", [6, pytest.param(400, marks=pytest.mark.soak)])
def test_what_is_needed_stays_and_what_is_old_goes(attic, examples):
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(st.lists(AGES.flatmap(_stories), min_size=1, max_size=6))
    def holds(stories: list[Story]) -> None:
        attic.empty()
        stay = _enter(attic, stories)
        last = attic.run(0.01)  # each flow's last run stays, whatever it is
        stay["runs"].add(last)
        there = _what_is_there(attic)

        planned = attic.retain(dry_run=True)
        assert _what_is_there(attic) == there
        result = attic.retain()

        assert _what_is_there(attic) == stay
        rows = ("sync_pages", "sync_rejects", "sync_events", "sync_outcomes", "alerts")
        for name in rows:  # runs go only once these are gone, so a plan knows of fewer
            part = result["entity_types"][name]
            assert part["old"] == part["deleted"] == planned["entity_types"][name]["old"]
        again = attic.retain()
        assert again["deleted"] == 0

    holds()


def test_last_run_of_a_flow_stays_however_old(attic):
    older, last = attic.run(900), attic.run(800)
    other = attic.run(700, flow="another")

    attic.retain()

    assert attic.keys("ops.sync_runs", "run_key") >= {last, other}
    assert older not in attic.keys("ops.sync_runs", "run_key")


def test_days_of_each_kind_can_be_chosen_and_wrong_ones_are_named(attic):
    run = attic.run(30)
    attic.reject(run, 29)
    young = attic.reject(run, 5)

    attic.retain(rejects_days=7)

    assert attic.keys("ops.sync_rejects", "reject_key") == {young}
    for wrong in (0, -1, 4000, True, "7"):
        with pytest.raises(ConfigurationError, match="rejects_days"):
            attic.retain(rejects_days=wrong)
    with pytest.raises(ConfigurationError, match="known are: dry_run, raw_pages_days"):
        attic.retain(days=3)


def test_result_has_sizes_before_and_after_and_progress_is_told(attic):
    run = attic.run(400)
    for _ in range(3):
        attic.reject(run, 399)

    result = attic.retain(run_id="sized")

    part = result["entity_types"]["sync_rejects"]
    assert (part["old"], part["deleted"]) == (3, 3)
    # A table of three rows may even grow: it gets a map of its free room.
    assert part["bytes_before"] > 0
    assert part["bytes_after"] > 0
    assert result["bytes_before"] >= part["bytes_before"]
    progress = attic.rows(
        "SELECT p.completed, p.total FROM ops.sync_progress AS p JOIN ops.sync_runs AS r"
        " USING (run_key) WHERE r.run_id = 'sized' AND p.entity_type = 'sync_rejects'"
    )
    assert progress == [(3, 3)]
    stored = attic.value("SELECT counts FROM ops.sync_runs WHERE run_id = 'sized'")
    assert stored["entity_types"]["sync_rejects"] == part


def _issue(attic: Attic, subject: str, resolved: datetime | None) -> None:
    attic.conn.execute(
        "INSERT INTO analytics.consistency_issues VALUES"
        " ('spend', %s, '2020-01-01', 1, 'd', now(), now(), %s)",
        (subject, resolved),
    )


def test_issues_that_are_open_and_files_that_may_be_listed_again_stay(attic):
    _issue(attic, "open", None)
    _issue(attic, "over", ago(181))
    _issue(attic, "just over", ago(170))
    files = "INSERT INTO analytics.click_files VALUES (%s, 'e', 1, 1, 1, 0, %s)"
    attic.conn.execute(files, ("old", ago(181)))
    attic.conn.execute(files, ("new", ago(1)))

    attic.retain()
    assert attic.keys("analytics.click_files", "object_key") == {"old", "new"}  # never loaded
    attic.conn.execute("INSERT INTO analytics.click_loads VALUES ('p', current_date - 200)")
    attic.retain()
    assert attic.keys("analytics.click_files", "object_key") == {"old", "new"}  # stuck since then
    attic.conn.execute("UPDATE analytics.click_loads SET loaded_until = current_date")
    attic.retain()

    assert attic.keys("analytics.click_files", "object_key") == {"new"}
    assert attic.keys("analytics.consistency_issues", "subject") == {"open", "just over"}
