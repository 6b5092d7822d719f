"""Archived pages: whole past days of ours, and nothing else in the bucket."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.integration.retention.conftest import ago
from vendor_sync.connections import Connection, connection_from_environment
from vendor_sync.errors import StorageError

pytestmark = pytest.mark.integration


def key(days: float, name: str = "01-0000001.json.gz", flow: str = "trackier_offer_sync") -> str:
    return f"{flow}/offers/{ago(days):%Y/%m/%d}/run_1/{name}"


@pytest.fixture
def archive(attic, bucket):
    """The test's bucket, as the audit archive."""
    audit = connection_from_environment("audit_s3")
    assert audit
    attic.connections["audit_s3"] = replace(audit, extra={**audit.extra, "bucket": bucket.name})
    return bucket


def put(bucket, *keys: str) -> None:
    for each in keys:
        bucket.client.put_object(Bucket=bucket.name, Key=each, Body=b"page")


def test_pages_of_past_days_go_and_everything_else_stays(attic, archive):
    old = [
        key(92),
        key(500, "02-0000001.json.gz"),
        key(92, "01-0badc0de.tar.gz", "ad_analytics_sync"),
        key(92, flow="fx_rates_sync"),
    ]
    stay = [
        key(89),
        key(0),
        key(92, flow="somebody_elses"),
        key(92, "notes.txt"),
        key(92, "01-x.json"),
        "trackier_offer_sync/offers/README",
        "trackier_offer_sync/offers/2020/13/45/run_1/01-0000001.json.gz",
        "trackier_offer_sync/2020/01/01/run_1/01-0000001.json.gz",
        "trackier_offer_sync_2/offers/2020/01/01/run_1/01-0000001.json.gz",
        "click/2020-01-01.jsonl.gz",
    ]
    put(archive, *old, *stay)

    planned = attic.retain(dry_run=True)["entity_types"]["raw_pages"]
    assert sorted(archive.keys()) == sorted(old + stay)
    done = attic.retain()["entity_types"]["raw_pages"]

    assert sorted(archive.keys()) == sorted(stay)
    assert planned == {"total": 6, "old": 4, "deleted": 0, "bytes_before": 24, "bytes_after": 24}
    assert done == planned | {"deleted": 4, "bytes_after": 8}
    assert attic.retain()["entity_types"]["raw_pages"]["old"] == 0


def test_page_that_an_open_alert_leads_to_stays(attic, archive):
    held, pack, loose = key(300), key(300, "01-pack.tar.gz"), key(300, "01-0000009.json.gz")
    put(archive, held, pack, loose)
    run = attic.run(300)
    attic.reject(run, 299, audit_key=held)
    attic.reject(run, 299, audit_key=f"{pack}#7")
    attic.reject(attic.run(299), 299, audit_key=loose)
    alert = attic.alert(run, None)

    attic.retain()
    assert sorted(archive.keys()) == sorted([held, pack])
    attic.conn.execute("UPDATE ops.alerts SET resolved_at = now() WHERE alert_key = %s", (alert,))
    attic.retain()  # the refused records go, and with them what leads to the pages
    attic.retain()

    assert archive.keys() == []


def test_archive_that_cannot_be_reached_fails_the_run_after_everything_else_is_done(attic):
    attic.connections["audit_s3"] = Connection(
        conn_id="audit_s3",
        login="key",
        password="secret",
        extra={"bucket": "b", "endpoint_url": "http://127.0.0.1:9", "region_name": "us-east-1"},
    )
    attic.reject(attic.run(300), 299)

    with pytest.raises(StorageError, match="audit_s3"):
        attic.retain(run_id="half")

    assert attic.keys("ops.sync_rejects", "reject_key") == set()
    [(status, error)] = attic.rows(
        "SELECT status, error FROM ops.sync_runs WHERE flow = 'retention'"
    )
    assert status == "failed"
    assert "cannot be reached" in error
    del attic.connections["audit_s3"]
    assert attic.retain(run_id="half")["attempt"] == 2
