"""What the audit finds, and whom it tells: once a cause, until the cause is gone."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from edge_grpc.compile_store import publish
from tests.integration.midnights import pass_near_midnight
from vendor_sync.alerts import AlertKind
from vendor_sync.connections import Connection
from vendor_sync.edge_reports.audit_rules import alerts_of
from vendor_sync.edge_reports.store import Finding, audit_promotions
from vendor_sync.errors import ConfigurationError

pytestmark = pytest.mark.integration
ZONE = "Asia/Jakarta"


def today():
    """Return the company's day, which does not end while a test is at work."""
    pass_near_midnight(ZONE)
    return datetime.now(ZoneInfo(ZONE)).date()


def test_findings_and_their_borders(office):
    now = today()
    week, fortnight = timedelta(days=7), timedelta(days=14)
    office.promotion("ENDS_SOON", start_on=now - timedelta(days=1), end_on=now + week)
    office.promotion("ENDS_LATER", start_on=now, end_on=now + week + timedelta(days=1))
    office.promotion("ENDED", end_on=now - timedelta(days=1))
    office.promotion("TO_COME", start_on=now + timedelta(days=1), end_on=now + timedelta(days=2))
    office.promotion("UNUSED", start_on=now - fortnight)
    office.promotion("YOUNG", start_on=now - fortnight + timedelta(days=1))
    office.promotion("OFF", is_active=False)
    office.use(office.promotion("USED"))
    void = office.promotion("VOIDED")
    office.use(void, reverses=office.use(void))
    office.rollup()

    result = office.audit()

    assert office.findings() == {
        ("ENDS_SOON", "expiring"),
        ("UNUSED", "never_used"),
        ("VOIDED", "never_used"),
    }
    assert (result["expiring"], result["never_used"]) == (1, 2)
    [detail] = office.rows("SELECT detail FROM edge.promotion_audits WHERE code = 'ENDS_SOON'")
    assert detail == (f"ends on {now + week}, in 7 days",)


@pytest.mark.parametrize(("days", "words"), [(0, "today"), (1, "tomorrow"), (2, "in 2 days")])
def test_an_end_that_is_near_is_said_as_people_say_it(office, days, words):
    last = today() + timedelta(days=days)
    office.promotion("ENDS", end_on=last)

    office.audit()

    assert office.rows("SELECT detail FROM edge.promotion_audits WHERE finding = 'expiring'") == [
        (f"ends on {last}, {words}",)
    ]


def test_limits_in_total_a_day_in_a_store_and_per_customer(office):
    total = office.promotion("TOTAL", max_uses=2)
    daily = office.promotion("DAILY", max_uses_per_day=2)
    customer = office.promotion("CUSTOMER", max_uses_per_customer=1)
    kept = office.promotion("KEPT", max_uses=3, max_uses_per_day=2, max_uses_per_customer=1)
    for number in range(3):
        office.use(total, store=number % 2, on=date(2026, 3, 1 + number))
        office.use(daily)
    office.use(customer, customer="C1")
    office.use(customer, customer="C1", store=1)
    for number in range(2):
        office.use(kept, customer=f"C{number}")
    office.use(kept, reverses=office.use(kept, customer="C1"), customer="C1")
    office.rollup()

    office.audit()

    details = dict(office.rows("SELECT code, detail FROM edge.promotion_audits"))
    assert details == {
        "TOTAL": "used 3 times of at most 2",
        "DAILY": f"used 3 times of at most 2 a day in store {office.stores[0]} on 2026-03-04",
        "CUSTOMER": "used more than 1 times by 1 customers",
    }


def test_day_is_the_companys(office, database):
    """At 18:00 UTC it is the next day in Jakarta."""
    del database
    office.promotion("P", start_on=date(2026, 3, 1), end_on=date(2026, 3, 5))

    def found(hour):
        now = datetime(2026, 3, 4, hour, tzinfo=UTC)
        with office.conn.transaction(force_rollback=True):
            findings = audit_promotions(office.conn, expiring_days=0, unused_days=365, now=now)  # pyright: ignore[reportArgumentType]
            days = office.rows("SELECT audited_on FROM edge.promotion_audits")
        return [one.finding for one in findings], days

    assert found(16) == ([], [])
    assert found(18) == (["expiring"], [(date(2026, 3, 5),)])


def not_compiled(office, promotion, reason="happy_hour needs start_second"):
    office.conn.execute(
        "INSERT INTO edge.promotion_compile_errors"
        " (promotion_id, company_id, code, reason, version)"
        " SELECT promotion_id, company_id, code, %s, 1 FROM edge.promotions"
        " WHERE promotion_id = %s",
        (reason, promotion),
    )


def test_alerts_come_once_a_cause_and_close_when_it_is_gone(office, vendors):
    vendors.reset(1, webhook={"token": "hook"})
    office.connections["alerts_webhook"] = Connection(
        conn_id="alerts_webhook", host=vendors.vendor_url("webhook"), password="hook"
    )
    broken, broken_too = office.promotion("BROKEN"), office.promotion("WRONG")
    office.use(broken)
    office.use(broken_too)
    over = office.promotion("OVER", max_uses=0)
    office.use(over)
    idle = [office.promotion(f"IDLE{number}") for number in range(2)]
    not_compiled(office, broken)
    not_compiled(office, broken_too)
    office.rollup()

    first = office.audit()
    again = office.audit()

    assert (first["alerts"], first["new_alerts"]) == (4, 4)
    assert (again["alerts"], again["new_alerts"], again["resolved_alerts"]) == (4, 0, 0)
    assert office.open_alerts() == [
        ("promotion_not_compiled", "edge_promotion_audit: C: promotion BROKEN reaches no store"),
        (
            "promotion_not_compiled",
            "edge_promotion_audit: C: promotion WRONG reaches no store",
        ),
        ("promotion_over_limit", "edge_promotion_audit: C: promotion OVER was used too often"),
        ("promotions_unused", "edge_promotion_audit: C: 2 promotions never used"),
    ]
    assert len(vendors.deliveries()) == 4

    office.conn.execute("DELETE FROM edge.promotion_compile_errors")
    office.conn.execute("UPDATE edge.promotions SET max_uses = 5 WHERE code = 'OVER'")
    office.use(idle[0])
    office.rollup()
    third = office.audit()

    # One of the idle ones is used: the list is another one, so it is told anew.
    assert (third["new_alerts"], third["resolved_alerts"]) == (1, 4)
    assert office.open_alerts() == [
        ("promotions_unused", "edge_promotion_audit: C: 1 promotion never used")
    ]


def test_an_audit_and_its_alerts_are_written_by_one_transaction(office):
    broken = office.promotion("BROKEN")
    office.use(broken)
    not_compiled(office, broken)
    office.rollup()

    office.audit()

    written_by = "SELECT xmin::text FROM"
    (audit,), (alert,) = (
        office.rows(f"{written_by} edge.promotion_audits"),
        office.rows(f"{written_by} ops.alerts"),
    )
    assert audit == alert


def _expiring(office):
    office.use(office.promotion("SOON", end_on=today() + timedelta(days=3)))


def _unused(office):
    office.promotion("IDLE")


def _over_limit(office):
    office.use(office.promotion("OVER", max_uses=0))


def _not_compiled(office):
    """A happy hour without its hours, which the edge service finds when it serves the company."""
    broken = office.promotion("BROKEN", promo_type="happy_hour")
    office.use(broken)
    place = office.server

    async def serve():
        conn = await asyncpg.connect(
            host=place.host, port=place.port, user=place.login, password=place.password,
            database=place.schema,
        )  # fmt: skip
        try:
            await publish(conn, office.company)
        finally:
            await conn.close()

    asyncio.run(serve())


_AUDITED = {
    "promotions_expiring": (_expiring, "a promotion ends in three days"),
    "promotions_unused": (_unused, "a promotion has run for years without a use"),
    "promotion_over_limit": (_over_limit, "a store uploads a use beyond the limit"),
    "promotion_not_compiled": (_not_compiled, "the edge service meets a happy hour without hours"),
}


@pytest.mark.parametrize(
    ("kind", "cause"),
    [
        pytest.param(kind, cause, marks=pytest.mark.provokes(kind, by=how), id=kind)
        for kind, (cause, how) in _AUDITED.items()
    ],
)
def test_each_finding_is_told_once(office, people, kind, cause):
    told = people(office.connections)
    cause(office)
    office.rollup()

    office.audit()
    office.audit()

    told.told_once(kind)


def test_report_of_the_day_is_the_last_runs(office):
    office.promotion("A")
    office.audit("same")
    office.conn.execute("DELETE FROM edge.promotions")
    office.promotion("B")

    office.audit("same")

    assert office.findings() == {("B", "never_used")}
    assert office.rows("SELECT attempt, status FROM ops.sync_runs") == [(2, "completed")]


def test_alerts_that_are_down_fail_nothing(office):
    office.promotion("A")
    office.connections["alerts_webhook"] = Connection(
        conn_id="alerts_webhook", host="http://127.0.0.1:9", password="x"
    )

    assert office.audit()["status"] == "completed"
    [(status,)] = office.rows("SELECT status FROM ops.alert_deliveries")
    assert status == "pending"


def test_wrong_parameters_are_named(office):
    for params in ({"unused_days": -1}, {"expiring_days": "7"}, {"expiring_days": True}):
        with pytest.raises(ConfigurationError, match=next(iter(params))):
            office.audit(**params)


def test_long_lists_are_cut_in_messages():
    one = Finding(
        company_id="c", company_code="C", promotion_id="p", finding="never_used",
        code="P", name="p", detail="runs since 2026-01-01, 20 days, and was never used",
    )  # fmt: skip
    found = [replace(one, promotion_id=str(number), code=f"P{number}") for number in range(30)]

    [alert] = alerts_of(found, flow="f", run_id="r", link=None)

    assert alert.kind is AlertKind.PROMOTIONS_UNUSED
    assert alert.message.count("\n") == 10
    assert alert.message.endswith("and 20 more, see edge.promotion_audits")
    reordered = alerts_of(reversed(found), flow="f", run_id="other", link=None)
    assert [again.fingerprint for again in reordered] == [alert.fingerprint]
