from __future__ import annotations

import mailbox

import psycopg
import pytest

pytestmark = pytest.mark.airflow
LOCK = "SELECT pg_advisory_lock(hashtextextended('vendor_sync.flow:trackier_offer_sync', 0))"


@pytest.fixture(autouse=True)
def _no_run_of_the_schedule(airflow):
    # Its own is nightly; what another flow's run alerts of is seen here too.
    airflow.between_schedules(every=1800)


def test_run_triggered_through_rest_fills_everything(airflow):
    airflow.vendors.edit_campaign(1, title="Changed tonight")

    run_id = airflow.trigger()

    assert airflow.finish(run_id) == "success"
    assert airflow.rows("SELECT count(*) FROM affiliate.offers WHERE is_active IS NOT NULL") == [
        (60,)
    ]
    assert airflow.rows("SELECT count(*) FROM affiliate.offers WHERE name = 'Changed tonight'") == [
        (1,)
    ]
    assert airflow.pages(run_id)
    [(event_id, payload, published_at)] = airflow.rows(
        "SELECT event_id::text, payload, published_at FROM ops.sync_events"
        " JOIN ops.sync_runs USING (run_key) WHERE run_id = %s",
        run_id,
    )
    assert published_at is not None
    assert payload["updated"] == 1
    asset_events = airflow.call("GET", "/assets/events", source_run_id=run_id)
    extras = [found["extra"] for found in asset_events["asset_events"]]
    [extra] = [extra for extra in extras if extra.get("event_id") == event_id]
    assert extra["status"] == "completed"
    assert extra["offers"]["updated"] == 1
    assert airflow.alerts() == []


def test_dry_run_of_one_brand_publishes_nothing(airflow):
    [(brand,)] = airflow.rows("SELECT trackier_advertiser_id FROM affiliate.brands LIMIT 1")

    run_id = airflow.trigger(dry_run=True, brand_ids=[brand])

    assert airflow.finish(run_id) == "success"
    processed = "SELECT counts -> 'brands_processed' FROM ops.sync_runs WHERE run_id = %s"
    assert airflow.rows(processed, run_id) == [(1,)]
    assert airflow.task(run_id, "publish_completion")["state"] == "skipped"
    assert airflow.pages(run_id) == []


def test_rate_limit_is_waited_for_as_long_as_the_vendor_says(airflow):
    airflow.vendors.faults.add("too_many", path="advertisers", times=3, style="retry_after", wait=3)

    run_id = airflow.trigger()

    assert airflow.finish(run_id) == "success"
    [(delay, reason)] = airflow.decisions(run_id)
    assert 0 < delay <= 3.3
    assert reason.startswith("RateLimitedError: GET ")
    assert airflow.waits(run_id)[0] >= delay
    assert airflow.alerts() == []


def test_temporary_error_is_retried_after_a_growing_wait(airflow):
    airflow.vendors.faults.add("status", path="advertisers", times=6, status=503)

    run_id = airflow.trigger()

    assert airflow.finish(run_id) == "success"
    (first, reason), (second, _) = airflow.decisions(run_id)
    assert airflow.retry_seconds <= first <= airflow.retry_seconds * 1.25
    assert airflow.retry_seconds * 2 <= second <= airflow.retry_seconds * 2.5
    assert reason.startswith("TemporaryError: GET ")
    waits = airflow.waits(run_id)
    assert waits[0] >= first
    assert waits[1] >= second
    assert airflow.alerts() == []


@pytest.mark.provokes("task_failed", by="Trackier answers 403 to a running DAG")
def test_permanent_error_fails_at_once_with_one_alert(airflow, told_once):
    airflow.vendors.faults.add("status", path="advertisers", status=403)

    run_id = airflow.trigger()

    assert airflow.finish(run_id) == "failed"
    airflow.eventually(airflow.backstop_has_spoken)
    assert airflow.waits(run_id) == []
    assert airflow.alerts() == [("task_failed", run_id)]
    told_once("task_failed", run_id)
    [post] = airflow.posts()
    assert (
        f"/dags/trackier_offer_sync/runs/{run_id.replace(':', '%3A').replace('+', '%2B')}" in post
    )
    assert all(secret["value"] not in post for secret in airflow.vendors.sensitive("trackier"))
    inbox = mailbox.Maildir(airflow.variables["SMTP_MAILDIR"], create=False)
    mails = [mail for mail in inbox if run_id in mail.as_string()]
    assert [mail["Subject"] for mail in mails] == [
        "[critical] trackier_offer_sync: sync_offers failed"
    ]


def test_unknown_parameter_fails_the_run_and_is_named(airflow):
    run_id = airflow.trigger(brand_idz=["1"])

    assert airflow.finish(run_id) == "failed"
    airflow.eventually(airflow.backstop_has_spoken)
    assert airflow.alerts() == [("task_failed", run_id)]
    assert "Unknown parameter 'brand_idz'" in airflow.eventually(airflow.posts)[0]


@pytest.mark.provokes("retries_exhausted", by="Trackier answers 503 to all three attempts")
def test_exhausted_retries_are_one_alert(airflow, told_once):
    airflow.vendors.faults.add("status", path="advertisers", status=503)

    run_id = airflow.trigger()

    assert airflow.finish(run_id) == "failed"
    airflow.eventually(airflow.backstop_has_spoken)
    assert len(airflow.waits(run_id)) == 2
    assert airflow.troubles() == [("retries_exhausted", run_id)]
    told_once("retries_exhausted", run_id)


@pytest.mark.provokes(
    "storage_unreachable", by="PostgreSQL ends the flow's session in all three attempts"
)
def test_lost_database_is_one_alert_that_says_so(airflow, told_once):
    stalled = airflow.vendors.faults.add("latency", path="advertisers", seconds=2)
    end_session = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'trackier_offer_sync' AND datname = current_database()"
    )

    run_id = airflow.trigger()
    for attempt in (1, 2, 3):
        airflow.eventually(lambda: airflow.vendors.faults.fired(stalled) >= attempt)  # noqa: B023
        assert airflow.rows(end_session)

    assert airflow.finish(run_id) == "failed"
    airflow.eventually(airflow.backstop_has_spoken)
    assert airflow.troubles() == [("storage_unreachable", run_id)]
    told_once("storage_unreachable", run_id)


@pytest.mark.provokes("run_interrupted", by="the task's process is killed -9 once")
def test_killed_task_recovers_and_says_so_once(airflow, told_once):
    stalled = airflow.vendors.faults.add("latency", path="advertisers", seconds=60, times=1)

    run_id = airflow.trigger()
    airflow.kill(run_id, stalled)

    assert airflow.finish(run_id) == "success"
    assert airflow.task(run_id)["try_number"] == 2
    assert airflow.troubles() == [("run_interrupted", run_id)]
    told_once("run_interrupted", run_id)
    # The flow knows it of its own record, and so does Airflow's callback; it is one cause.
    by_both = "SELECT 1 FROM ops.alerts WHERE occurrences = 2"
    assert airflow.eventually(lambda: airflow.rows(by_both))


@pytest.mark.provokes("run_failed", by="the task's process is killed -9 in all attempts")
def test_task_killed_to_the_end_is_one_alert_by_the_backstop(airflow, told_once):
    stalled = airflow.vendors.faults.add("latency", path="advertisers", seconds=60)

    run_id = airflow.trigger()
    for times in (1, 2, 3):
        airflow.kill(run_id, stalled, times)

    assert airflow.finish(run_id) == "failed"
    airflow.eventually(airflow.troubles)
    closed = "SELECT status FROM ops.sync_runs WHERE run_id = %s AND finished_at IS NOT NULL"
    assert airflow.eventually(lambda: airflow.rows(closed, run_id)) == [("failed",)]
    assert airflow.troubles() == [("run_failed", run_id)]
    told_once("run_failed", run_id)


@pytest.mark.provokes("sla_missed", by="the sync waits for another run's lock beyond its SLA")
@pytest.mark.provokes("deadline_missed", by="the run waits beyond its deadline")
def test_run_that_waits_frees_the_worker_is_late_and_gives_up_after_five_minutes(
    airflow, told_once
):
    five_minutes_pass = (
        "UPDATE ops.sync_runs SET waiting_since = waiting_since - interval '5 minutes'"
        " WHERE run_id = %s RETURNING status"
    )
    with psycopg.connect(airflow.variables["WAREHOUSE_DSN"], autocommit=True) as other:
        other.execute(LOCK)
        run_id = airflow.trigger()
        airflow.eventually(lambda: airflow.task(run_id)["state"] == "up_for_reschedule")
        airflow.eventually(airflow.posts, seconds=airflow.sla_seconds + 30)
        both_tasks = "SELECT 1 FROM ops.alerts WHERE kind = 'sla_missed' AND occurrences = 2"
        airflow.eventually(lambda: airflow.rows(both_tasks))
        airflow.eventually(lambda: len(airflow.alerts()) == 2)
        assert airflow.rows(five_minutes_pass, run_id) == [("waiting",)]
        assert airflow.finish(run_id) == "success"

    assert airflow.task(run_id)["state"] == "skipped"
    assert airflow.task(run_id)["try_number"] == 1
    assert airflow.rows("SELECT status FROM ops.sync_runs WHERE run_id = %s", run_id) == [
        ("skipped",)
    ]
    assert sorted(airflow.alerts()) == [("deadline_missed", run_id), ("sla_missed", run_id)]
    told_once("sla_missed", run_id)
    told_once("deadline_missed", run_id)


@pytest.mark.provokes("breaker_open", by="all offers of Trackier's largest brand vanish")
def test_open_breaker_is_one_alert_and_the_run_succeeds(airflow, told_once):
    offers = airflow.rows(
        "SELECT trackier_campaign_id FROM affiliate.offers JOIN affiliate.brands"
        " ON brand_id = advertiser_id WHERE offers.is_active AND advertiser_id ="
        " (SELECT advertiser_id FROM affiliate.offers GROUP BY 1 ORDER BY count(*) DESC LIMIT 1)"
    )
    for (offer,) in offers:
        airflow.vendors.remove_campaign(offer)

    run_id = airflow.trigger()

    assert airflow.finish(run_id) == "success"
    assert airflow.alerts() == [("breaker_open", run_id)]
    told_once("breaker_open", run_id)


def test_webhook_that_is_down_fails_no_task_and_loses_no_alert(airflow):
    down = airflow.vendors.faults.add("status", vendor="webhook", status=503)
    for _ in range(6):
        airflow.vendors.malform("missing_title")

    run_id = airflow.trigger()

    assert airflow.finish(run_id) == "success"
    assert airflow.alerts() == [("error_rate", run_id)]
    assert airflow.posts() == []
    assert airflow.vendors.faults.fired(down) >= 1
    airflow.vendors.faults.clear()
    due = "SELECT 1 FROM ops.alert_deliveries WHERE channel = 'webhook' AND next_try_at <= now()"
    airflow.eventually(lambda: airflow.rows(due))
    airflow.unpause("alert_delivery")
    airflow.trigger("alert_delivery")  # or its own next run, within two minutes
    airflow.eventually(airflow.posts)
    assert len(airflow.posts()) == 1
    pending = "SELECT 1 FROM ops.alert_deliveries WHERE status <> 'delivered'"
    airflow.eventually(lambda: not airflow.rows(pending))
