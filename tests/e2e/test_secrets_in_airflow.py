"""Every vendor refuses and quotes the request; what Airflow and the stack keep holds no secret.

The same search finds a value that was planted in each kind of place, so that silence means
something.
"""

from __future__ import annotations

import base64
import json
import uuid
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest
import requests

from tests.e2e.ad_business import DAG, RATES, VENDORS
from tests.e2e.places import Places

pytestmark = pytest.mark.airflow
OFFERS, IMPORT = "trackier_offer_sync", "broadstreet_import"
FLOWS = (DAG, RATES, OFFERS, IMPORT)
_SHORTEST = 8


def secrets_of(airflow) -> set[str]:
    """Return everything secret of the stack and of what its vendors gave, as it may be written."""
    home = Path(airflow.variables["AIRFLOW_HOME"]).parent
    own = json.loads((home / "state.json").read_text())["secrets"]
    signing = json.loads((home / "edge-keys.json").read_text())["keys"]
    served = {item["value"] for vendor in VENDORS for item in airflow.vendors.sensitive(vendor)}
    keys = json.loads(airflow.variables["VENDOR_SANDBOX_KEYS"])
    plain = {*own.values(), *served, *(key["seed"] for key in signing), *keys.values()}
    plain = {secret for secret in plain if len(secret) >= _SHORTEST}
    return {way for secret in plain for way in (secret, quote(secret, safe=""), _packed(secret))}


def _packed(secret: str) -> str:
    return base64.b64encode(secret.encode()).decode().rstrip("=")


def found_in(texts, wanted) -> set[tuple[str, str]]:
    """Return (place, secret) of each that stands somewhere."""
    return {(place, secret) for place, text in texts for secret in wanted if secret in text}


@pytest.fixture
def places(airflow):
    """Everything that the stack writes down, from now on."""
    found = Places(airflow, datetime.now(UTC))
    yield found
    found.clear()


def test_no_secret_is_kept_anywhere_when_every_vendor_quotes_what_it_was_sent(business, places):
    airflow = business.airflow
    rules = {
        name: airflow.vendors.faults.add("quoting", name)
        for name in (*VENDORS, "trackier", "broadstreet", "fx")
    }
    airflow.unpause(IMPORT)

    runs = {dag: airflow.trigger(dag) for dag in FLOWS}
    ended = {dag: airflow.finish(run, dag, seconds=120) for dag, run in runs.items()}

    assert {ended[dag] for dag in (OFFERS, IMPORT, RATES)} == {"failed"}
    result = business.result(runs[DAG])
    assert {part["vendor"] for part in result["missing"]} == VENDORS
    assert 0 not in {airflow.vendors.faults.fired(rule) for rule in rules.values()}
    airflow.eventually(lambda: all(run in str(airflow.posts()) for run in runs.values()))
    key = json.loads(airflow.variables["VENDOR_SANDBOX_KEYS"])["meta"]
    url = f"{airflow.vendors.vendor_url('meta')}/me"
    assert key in requests.get(url, headers={"Authorization": f"Bearer {key}"}, timeout=10).text

    planted = uuid.uuid4().hex
    kept_in = places.plant(planted, OFFERS, runs[OFFERS], "sync_offers")
    secrets = secrets_of(airflow)
    assert len(secrets) > len(VENDORS)
    found = found_in(places.texts(runs), {planted, *secrets})

    assert {place for place, secret in found if secret == planted} == kept_in
    assert {(place, secret) for place, secret in found if secret != planted} == set()
