"""The Trackier sync against real servers, compared with the sandbox's own answer."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.trackier_truth import OFFERS, expected_offers
from vendor_sync.errors import ConfigurationError, LockedError
from vendor_sync.flow_runs import skip_run
from vendor_sync.postgres import connect, lock_flow
from vendor_sync.trackier.flow import FLOW

pytestmark = pytest.mark.integration


def test_first_sync_copies_every_brand_and_offer(trackier):
    result = trackier.sync()

    assert result["status"] == "completed"
    assert result["added"] == result["campaigns_processed"] == 200
    assert result["brands_processed"] == 8
    assert set(trackier.rows(OFFERS)) == expected_offers(trackier.vendors)
    brands = {
        (row["trackier_advertiser_id"], str(row["display_id"]), row["name"], row["status"])
        for row in trackier.vendors.truth()
        if row["entity"] == "brand"
    }
    stored = trackier.rows(
        "SELECT trackier_advertiser_id, trackier_display_id, name, status FROM affiliate.brands"
    )
    assert set(stored) == brands


def test_second_sync_writes_no_row(trackier):
    trackier.sync()
    before = _written(trackier)

    result = trackier.sync()

    assert result["unchanged"] == 200
    assert result["added"] == result["updated"] == result["deactivated"] == 0
    assert _written(trackier) == before


def _written(trackier):
    """Rows ever written to brands and offers, by PostgreSQL's own count.

    A backend hands in its counts before it leaves, so they are complete once the sync's are gone.
    """
    sessions = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE application_name LIKE %s AND datname = current_database()"
    )
    deadline = time.monotonic() + 60
    while trackier.value(sessions, f"{FLOW}%"):
        assert time.monotonic() < deadline
    return trackier.rows(
        "SELECT relname, n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_user_tables"
        " WHERE schemaname = 'affiliate' AND relname IN ('brands', 'offers') ORDER BY relname"
    )


def test_changed_campaign_updates_exactly_its_row(trackier):
    trackier.sync()
    trackier.vendors.edit_campaign(17, title="Renamed")
    before = trackier.rows("SELECT xmin::text, trackier_campaign_id FROM affiliate.offers")

    result = trackier.sync()

    after = trackier.rows("SELECT xmin::text, trackier_campaign_id FROM affiliate.offers")
    changed = {row[1] for row in set(after) - set(before)}
    assert result["updated"] == 1
    assert changed == {
        trackier.value(
            "SELECT trackier_campaign_id FROM affiliate.offers WHERE trackier_display_id = '17'"
        )
    }
    assert trackier.value("SELECT name FROM affiliate.offers WHERE name = 'Renamed'") == "Renamed"


def test_same_payload_five_times_is_one_set_of_offers(trackier):
    for _ in range(5):
        trackier.sync()

    assert trackier.value("SELECT count(*) FROM affiliate.offers") == 200
    assert set(trackier.rows(OFFERS)) == expected_offers(trackier.vendors)


def test_full_refresh_writes_every_row_again(trackier):
    trackier.sync()

    result = trackier.sync(full_refresh=True)

    assert result["updated"] == 200


def test_dry_run_reports_and_changes_nothing(trackier):
    result = trackier.sync("dry", dry_run=True)

    assert result["added"] == 200
    assert trackier.value("SELECT count(*) FROM affiliate.offers") == 0
    assert trackier.value("SELECT count(*) FROM ops.sync_outcomes") == 0
    assert trackier.value("SELECT count(*) FROM ops.sync_events") == 0
    assert trackier.bucket.keys() == []
    row = trackier.rows("SELECT status, counts->>'added' FROM ops.sync_runs WHERE run_id = 'dry'")
    assert row == [("completed", "200")]


def test_restricted_sync_touches_only_the_named_brands(trackier):
    brand = trackier.vendors.change("trackier", "edit", entity="advertisers", which=3, fields={})

    result = trackier.sync(brand_ids=["3"])

    assert result["brands_processed"] == 1
    owners = trackier.rows(f"SELECT DISTINCT owner FROM ({OFFERS}) AS t(a, b, owner)")
    assert owners == [(brand["hashId"],)]
    assert result["status"] == "completed"


def test_brand_that_the_vendor_does_not_list_is_named(trackier):
    with pytest.raises(ConfigurationError, match=r"brand_ids.*no advertiser 999"):
        trackier.sync(brand_ids=["3", "999"])


def test_publisher_list_that_is_shorter_than_promised_is_reported(trackier):
    trackier.vendors.change("trackier", "miscount", entity="publishers", by=1)

    result = trackier.sync(include_publishers=True)

    assert not result["publisher_list_complete"]
    assert result["status"] == "completed_with_errors"


def test_vanished_offer_becomes_inactive_and_returns(trackier):
    trackier.sync()
    active = _active_ids(trackier)
    trackier.vendors.change("trackier", "remove", entity="campaigns", which=int(active[0]))

    gone = trackier.sync()
    trackier.vendors.change("trackier", "restore", entity="campaigns", which=int(active[0]))
    back = trackier.sync()

    assert gone["deactivated"] == 1
    assert gone["status"] == "completed"
    assert back["updated"] == 1
    assert _active_ids(trackier) == active


def _active_ids(trackier):
    rows = trackier.rows(
        "SELECT trackier_display_id FROM affiliate.offers WHERE is_active"
        " ORDER BY trackier_display_id::int"
    )
    return [row[0] for row in rows]


def test_vanished_brand_becomes_inactive_with_its_offers(trackier):
    trackier.sync()
    brand = trackier.rows(
        "SELECT brand_id, trackier_display_id FROM affiliate.brands"
        " WHERE is_active ORDER BY brand_id DESC LIMIT 1"
    )[0]
    trackier.settings(max_deactivation_rows=1000)
    trackier.vendors.change("trackier", "remove", entity="advertisers", which=int(brand[1]))

    result = trackier.sync()

    assert result["brands"]["deactivated"] == 1
    left = "SELECT count(*) FROM affiliate.offers WHERE advertiser_id = %s AND is_active"
    assert trackier.value(left, brand[0]) == 0


def test_breaker_keeps_a_brand_that_loses_most_of_its_offers(trackier):
    trackier.vendors.reset(7, trackier={"offers": 60, "brands": 1})
    trackier.sync()
    active = _active_ids(trackier)
    for display_id in active[: len(active) - 3]:
        trackier.vendors.change("trackier", "remove", entity="campaigns", which=int(display_id))

    result = trackier.sync()

    assert result["breaker_open"]
    assert result["status"] == "completed_with_errors"
    assert result["deactivated"] == 0
    assert _active_ids(trackier) == active


def test_paused_campaign_is_inactive_under_the_vendors_word(trackier):
    trackier.vendors.edit_campaign(5, status="suspended-by-magic")

    trackier.sync()

    row = trackier.rows(
        "SELECT status, is_active FROM affiliate.offers WHERE trackier_display_id = '5'"
    )
    assert row == [("suspended-by-magic", False)]


MALFORMED = {
    "missing_title": "title is missing",
    "null_title": "title is missing",
    "wrong_types": "Expected",
    "commission_250": "commission of 250",
    "negative_payout": "at least 0",
    "payout_text": "Invalid decimal",
    "infinite_payout": "the database refuses it",
    "bad_currency": "ISO 4217",
    "unknown_brand": "unknown brand",
    "missing_brand": "advertiserId is missing",
    "nul_title": "NUL",
    "over_long": "longer than",
    "not_an_object": "Expected `object`",
    "null_row": "Expected `object`",
    "missing_id": "hashId and id are missing",
    "wrong_id_type": "Expected",
}


@pytest.mark.parametrize("kind", MALFORMED)
def test_malformed_row_is_refused_alone_and_kept(trackier, kind):
    trackier.vendors.change("trackier", "malform", entity="campaigns", kind=kind, brand=2)

    result = trackier.sync()

    rejects = trackier.rows("SELECT entity, reason, item, audit_key FROM ops.sync_rejects")
    assert result["rejected"] == len(rejects) == 1
    assert result["status"] == "completed_with_errors"
    assert MALFORMED[kind] in rejects[0][1]
    assert trackier.bucket.read(rejects[0][3])
    assert trackier.value("SELECT count(*) FROM affiliate.offers") == 200


def test_row_that_violates_a_constraint_does_not_lose_its_batch(trackier):
    trackier.db.execute(
        "ALTER TABLE affiliate.offers ADD CONSTRAINT offers_test_check"
        " CHECK (trackier_display_id NOT IN ('50', '51', '120'))"
    )
    try:
        result = trackier.sync()
    finally:
        trackier.db.execute("ALTER TABLE affiliate.offers DROP CONSTRAINT offers_test_check")

    reasons = trackier.rows("SELECT reason FROM ops.sync_rejects")
    assert result["rejected"] == 3
    assert all("offers_test_check" in row[0] for row in reasons)
    assert trackier.value("SELECT count(*) FROM affiliate.offers") == 197


def test_malformed_offer_that_was_known_is_not_deactivated(trackier):
    trackier.sync()
    trackier.vendors.edit_campaign(9, status="active")
    trackier.sync()
    trackier.vendors.edit_campaign(9, title=None)

    result = trackier.sync()

    assert result["rejected"] == 1
    assert result["deactivated"] == 0
    assert "9" in _active_ids(trackier)


def test_campaign_listed_twice_is_one_offer_and_one_duplicate(trackier):
    trackier.vendors.change("trackier", "duplicate", entity="campaigns", which=11)

    result = trackier.sync()

    assert result["offers"]["duplicates"] == 1
    assert result["added"] == 200


def test_brief_shape_is_read_too(trackier):
    trackier.vendors.reset(7, trackier={"offers": 40, "brands": 4, "shape": "brief"})

    result = trackier.sync()

    assert result["added"] == 40
    expected = {
        (row["trackier_campaign_id"], row["name"], row["category"], row["payout_currency"])
        for row in trackier.vendors.truth()
        if row["entity"] == "offer"
    }
    stored = trackier.rows(
        "SELECT trackier_campaign_id, name, category, payout_currency FROM affiliate.offers"
    )
    assert set(stored) == expected


def test_publishers_set_ids_of_the_tenants_they_identify(trackier):
    publishers = [row for row in trackier.vendors.truth() if row["entity"] == "publisher"]
    insert = "INSERT INTO affiliate.tenants (name, email, external_ref) VALUES (%s, %s, %s)"
    trackier.db.execute(insert, ("by mail", publishers[0]["email"].upper(), None))
    trackier.db.execute(insert, ("by reference", None, publishers[1]["hash_id"]))
    trackier.db.execute(insert, ("twin one", publishers[2]["email"], None))
    trackier.db.execute(insert, ("twin two", publishers[2]["email"], None))

    first = trackier.sync(include_publishers=True)
    second = trackier.sync(include_publishers=True)

    pids = dict(trackier.rows("SELECT name, trackier_pid FROM affiliate.tenants"))
    assert pids == {
        "by mail": publishers[0]["trackier_pid"],
        "by reference": publishers[1]["trackier_pid"],
        "twin one": None,
        "twin two": None,
    }
    assert first["publishers"]["updated"] == 2
    assert second["publishers"] == {"updated": 0, "unchanged": 2, "unmatched": 10, "rejected": 0}
    assert first["status"] == "completed"


def test_audit_objects_match_the_run_and_hold_no_secret(trackier):
    result = trackier.sync(include_publishers=True)

    keys = trackier.bucket.keys()
    listed = trackier.rows("SELECT audit_key FROM ops.sync_pages")
    archived = b"".join(trackier.bucket.read(key) for key in keys)
    secrets = trackier.vendors.sensitive("trackier")
    assert len(keys) == result["api_calls"]
    assert {row[0] for row in listed} == set(keys)
    assert len(secrets) > 50
    assert [value for value in secrets if str(value["value"]).encode() in archived] == []
    rejects = str(trackier.rows("SELECT item FROM ops.sync_rejects"))
    assert [value for value in secrets if str(value["value"]) in rejects] == []


def test_row_can_be_traced_to_its_page(trackier):
    trackier.sync()

    key, campaign = trackier.rows(
        "SELECT p.audit_key, o.trackier_campaign_id FROM affiliate.offers o"
        " JOIN ops.sync_pages p USING (page_key) WHERE o.trackier_display_id = '42'"
    )[0]
    assert campaign.encode() in trackier.bucket.read(key)


def test_completion_event_is_in_the_outbox_with_the_runs_counts(trackier):
    result = trackier.sync("event-run")

    name, payload, published = trackier.rows(
        "SELECT name, payload, published_at FROM ops.sync_events"
    )[0]
    counts = trackier.value("SELECT counts FROM ops.sync_runs WHERE run_id = 'event-run'")
    assert name == "sync.offers.completed"
    assert published is None
    assert payload == counts
    assert payload["added"] == result["added"]


def test_rerun_keeps_event_id_and_counts(trackier):
    first = trackier.sync("same")
    event = trackier.value("SELECT event_id FROM ops.sync_events")

    second = trackier.sync("same")

    assert second["attempt"] == 2
    assert {name: first[name] for name in ("added", "updated", "unchanged", "status")} == {
        name: second[name] for name in ("added", "updated", "unchanged", "status")
    }
    assert trackier.rows("SELECT event_id FROM ops.sync_events") == [(event,)]


def test_second_run_waits_for_the_lock_and_can_be_skipped(trackier):
    with connect(trackier.connections["warehouse_postgres"], application_name="other") as other:
        lock_flow(other, FLOW, wait_seconds=1)

        with pytest.raises(LockedError):
            trackier.sync("late", lock_wait=0.2)
        skip_run(trackier.connections.get, FLOW, "late")

    status = trackier.value("SELECT status FROM ops.sync_runs WHERE run_id = 'late'")
    assert status == "skipped"
    assert trackier.sync()["status"] == "completed"


def test_brand_list_that_is_shorter_than_promised_deactivates_nothing(trackier):
    trackier.sync()
    trackier.vendors.change("trackier", "remove", entity="advertisers", which=8)
    trackier.vendors.change("trackier", "miscount", entity="advertisers", by=1)

    result = trackier.sync()

    assert not result["brand_list_complete"]
    assert result["brands"]["deactivated"] == 0
    assert result["status"] == "completed_with_errors"


def test_thousand_offers_need_few_statements(trackier):
    trackier.vendors.reset(7, trackier={"offers": 1_000, "brands": 20})
    trackier.settings(group_size=25)

    result = trackier.sync()

    assert result["added"] == 1_000
    assert result["queries"] < 60
    assert result["api_calls"] == 2


def test_ten_thousand_offers(trackier):
    trackier.vendors.reset(7, trackier={"offers": 10_000, "brands": 100})
    trackier.settings(group_size=25)

    result = trackier.sync()

    assert result["added"] == 10_000
    assert result["queries"] < 250
    assert set(trackier.rows(OFFERS)) == expected_offers(trackier.vendors)


def test_days_of_change_end_like_the_vendors_list(trackier):
    for day in range(1, 6):
        trackier.vendors.advance(1, new=0.05, vanished=0.05, changed=0.2)

        result = trackier.sync()

        listed = expected_offers(trackier.vendors)
        stored = set(trackier.rows(OFFERS))
        gone = stored - listed
        assert result["status"] == "completed", day
        assert listed <= stored
        assert not any(is_active for *_, is_active in gone)


def test_two_syncs_at_once_take_turns(trackier):
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(trackier.sync, f"run-{n}", lock_wait=60) for n in range(2)]
        results = [run.result() for run in runs]

    assert sorted(result["added"] for result in results) == [0, 200]
    assert sorted(result["unchanged"] for result in results) == [0, 200]
