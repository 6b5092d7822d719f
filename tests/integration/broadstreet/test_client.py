"""The client against the vendor sandbox: lists, creates, and how answers get lost."""

from __future__ import annotations

import logging

import pytest

from sandbox.vendors.control import DEFAULT_KEYS
from vendor_sync.broadstreet.client import BroadstreetClient, NotFoundError, broadstreet_client
from vendor_sync.broadstreet.entity_types import EntityType
from vendor_sync.broadstreet.settings import BroadstreetSettings
from vendor_sync.connections import Connection
from vendor_sync.errors import (
    AmbiguousOutcomeError,
    AuthenticationError,
    ConfigurationError,
    PermanentError,
    RateLimitedError,
    TemporaryError,
)
from vendor_sync.rate_limit import LocalLimiter, Unlimited
from vendor_sync.rest_client import Usage

pytestmark = pytest.mark.integration

TOKEN = DEFAULT_KEYS["broadstreet"]


@pytest.fixture
def sandbox(vendors):
    vendors.reset(1, broadstreet={"entities": 600})
    return vendors


@pytest.fixture
def connect(sandbox):
    """Make a client; close it at the end."""
    opened = []

    def make(token=TOKEN, host=None, limiter=None, **extra):
        extra = {"backoff_seconds": 0.01, "read_timeout_seconds": 1.5, **extra}
        connection = Connection(
            conn_id="broadstreet_default",
            host=host or sandbox.vendor_url("broadstreet"),
            password=token,
            extra=extra,
        )
        settings = BroadstreetSettings.from_connection(connection)
        opened.append(
            broadstreet_client(connection, settings, limiter=limiter or Unlimited(), usage=Usage())
        )
        return BroadstreetClient(opened[-1])

    yield make
    for rest in opened:
        rest.close()


def held(sandbox, kind):
    return [row for row in sandbox.truth("broadstreet") if row["kind"] == kind]


def as_listed(document, kind):
    """Turn a document back into the vendor's row."""
    added = {"advertisers": {"network_id"}, "placements": {"campaign_id"},
             "advertisements": {"network_id", "advertiser_id"}}  # fmt: skip
    item = {name: value for name, value in document.items() if name not in added.get(kind, ())}
    return {"id": item.pop("broadstreet_id"), **item} if "broadstreet_id" in item else item


@pytest.mark.parametrize("envelope", ["bare", "placements", "placement"])
def test_every_list_gives_every_row_as_it_is(sandbox, connect, envelope):
    sandbox.reset(1, broadstreet={"entities": 600, "placements_envelope": envelope})
    client = connect()

    found = {"networks": client.list_networks().records}
    networks = [record.key for record in found["networks"]]
    found["zones"] = [r for n in networks for r in client.list_zones(n).records]
    found["advertisers"] = [r for n in networks for r in client.list_advertisers(n).records]
    owners = [(r.document["network_id"], r.key) for r in found["advertisers"]]
    found["advertisements"] = [r for o in owners for r in client.list_advertisements(*o).records]
    found["campaigns"] = [r for _, a in owners for r in client.list_campaigns(a).records]
    campaigns = [r.key for r in found["campaigns"]]
    found["placements"] = [r for c in campaigns for r in client.list_placements(c).records]

    for kind, records in found.items():
        listed = [as_listed(record.document, kind) for record in records]
        truth = [row["item"] for row in held(sandbox, kind)]
        assert sorted(map(str, listed)) == sorted(map(str, truth))


def test_the_token_is_in_no_log_and_no_error(connect, sandbox, caplog):
    caplog.set_level(logging.DEBUG)
    client = connect()
    sandbox.faults.add("status", "broadstreet", status=500, path="zones")

    with pytest.raises(TemporaryError) as caught:
        client.list_zones(held(sandbox, "networks")[0]["item"]["id"])

    assert "/api/1/zones?network_id=" in str(caught.value)
    assert "access_token=" in caplog.text
    assert TOKEN not in caplog.text + str(caught.value)


def test_a_wrong_token_ends_with_what_to_check(connect):
    with pytest.raises(AuthenticationError, match="Check the access token in connection"):
        connect(token="wrong").list_networks()


def test_a_connection_without_host_or_token_is_refused(connect):
    with pytest.raises(ConfigurationError, match="access token of a dashboard user"):
        connect(token=None)


@pytest.mark.parametrize(
    ("kind", "how"),
    [("html", {}), ("empty", {}), ("truncated_json", {}), ("status", {"status": 200, "body": []}),
     ("status", {"status": 200, "body": {"message": "soon"}})],
)  # fmt: skip
def test_a_200_that_is_no_list_is_asked_for_again_and_never_empty(connect, sandbox, kind, how):
    rule = sandbox.faults.add(kind, "broadstreet", path="networks", times=2, **how)

    assert connect().list_networks().records
    assert sandbox.faults.fired(rule) == 2

    sandbox.faults.add(kind, "broadstreet", path="networks", **how)
    with pytest.raises(TemporaryError, match="cannot be read"):
        connect().list_networks()


def test_an_unknown_parent_is_told_apart(connect):
    with pytest.raises(NotFoundError):
        connect().list_zones(1)


def test_a_create_returns_what_the_answer_shows(connect, sandbox):
    client, network = connect(), held(sandbox, "networks")[0]["item"]["id"]

    zone = client.create(EntityType.ZONES, {"network_id": network}, {"name": "Z", "alias": "lf.1"})

    assert zone["alias"] == "lf.1"
    assert held(sandbox, "zones")[-1]["item"] == zone


def test_a_placement_is_created_without_an_answer(connect, sandbox):
    triple = {f"{k}_id": v for k, v in held(sandbox, "placements")[0]["parents"].items()}

    assert connect().create(EntityType.PLACEMENTS, {}, triple) is None
    assert len(sandbox.creates()) == 1


@pytest.mark.parametrize(
    ("kind", "how", "committed"),
    [
        ("status", {"status": 500}, 0),
        ("status", {"status": 502, "commit": True}, 1),
        ("html", {"commit": True}, 1),
        ("empty", {"commit": True}, 1),
        ("close", {"commit": True}, 1),
        ("truncated_json", {}, 1),
        ("commit_then_timeout", {}, 1),
        ("stuck", {}, 0),
    ],
)
def test_a_create_whose_answer_is_lost_is_sent_once(connect, sandbox, kind, how, committed):
    network = held(sandbox, "networks")[0]["item"]["id"]
    sandbox.faults.add(kind, "broadstreet", method="POST", **how)
    sandbox.clear_requests()

    with pytest.raises(AmbiguousOutcomeError, match="not known"):
        connect().create(EntityType.ZONES, {"network_id": network}, {"name": "Z"})

    assert len(sandbox.requests("broadstreet")) == 1
    assert len(sandbox.creates()) == committed


def test_a_create_that_never_left_may_be_tried_again(connect):
    with pytest.raises(TemporaryError, match="NewConnectionError"):
        connect(host="http://127.0.0.1:9").create(
            EntityType.ZONES, {"network_id": 1}, {"name": "Z"}
        )


def test_a_refused_create_says_the_field(connect, sandbox):
    owner = held(sandbox, "advertisers")[0]["item"]["id"]
    body = {"type": "video", "name": "A", "destination": "https://x.test"}

    with pytest.raises(PermanentError, match="type: not found") as caught:
        connect().create(EntityType.ADVERTISEMENTS, {"advertiser_id": owner}, body)

    assert caught.value.status == 422


def test_a_throttled_create_defers_everybody_as_told(connect, sandbox):
    network = held(sandbox, "networks")[0]["item"]["id"]
    limiter = LocalLimiter(1_000)
    sandbox.faults.add("too_many", "broadstreet", method="POST", times=1, wait=0.4)
    client = connect(limiter=limiter)

    with pytest.raises(RateLimitedError):
        client.create(EntityType.ZONES, {"network_id": network}, {"name": "Z"})
    client.create(EntityType.ZONES, {"network_id": network}, {"name": "Z"})

    first, second = sandbox.requests("broadstreet", path="zones")[-2:]
    assert second["start"] - first["start"] >= 0.39
    assert len(sandbox.creates()) == 1
