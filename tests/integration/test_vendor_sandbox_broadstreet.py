from __future__ import annotations

import time
from collections import Counter

import pytest
import requests

from sandbox.vendors.control import DEFAULT_KEYS, VendorSandboxError, spawn

pytestmark = pytest.mark.integration

TOKEN = DEFAULT_KEYS["broadstreet"]
KINDS = ("networks", "advertisers", "zones", "advertisements", "campaigns", "placements")
OBSERVED = {
    "networks": 2,
    "advertisers": 48,
    "zones": 649,
    "advertisements": 102,
    "campaigns": 122,
    "placements": 4_358,
}


@pytest.fixture
def sandbox(vendors):
    """Give the worker's vendor sandbox a small account that nobody has changed."""
    vendors.reset(1, broadstreet={"entities": 600})
    return vendors


@pytest.fixture
def call(sandbox):
    with requests.Session() as session:

        def ask(method, path, params=None, body=None, **how):
            url = f"{sandbox.vendor_url('broadstreet')}/api/1{path}"
            token = how.pop("token", TOKEN)
            query = {**(params or {}), **({"access_token": token} if token else {})}
            return session.request(
                method, url, params=query, json=body, timeout=how.get("timeout", 5)
            )

        yield ask


def truth(sandbox, kind):
    return [row for row in sandbox.truth("broadstreet") if row["kind"] == kind]


def first(sandbox, kind):
    return truth(sandbox, kind)[0]["item"]["id"]


@pytest.mark.parametrize(("token", "status"), [("", 401), ("wrong", 403)])
def test_a_token_that_is_missing_or_wrong_is_refused(call, token, status):
    assert call("GET", "/networks", token=token).status_code == status


def test_the_token_in_the_query_is_never_logged(call, sandbox):
    call("GET", "/networks")

    assert sandbox.requests("broadstreet")[-1]["query"] == "access_token=[redacted]"
    assert sandbox.sensitive("broadstreet") == [
        {"vendor": "broadstreet", "kind": "access_token", "value": TOKEN}
    ]


def test_a_wrong_path_answers_a_login_page_with_200(call):
    reply = call("GET", "/creatives")

    assert (reply.status_code, reply.headers["Content-Type"].split(";")[0]) == (200, "text/html")
    assert b"<form" in reply.content


def test_lists_come_whole_in_one_answer(call, sandbox):
    network = first(sandbox, "networks")

    for kind in ("advertisers", "zones", "advertisements"):
        rows = call("GET", f"/{kind}", {"network_id": network}).json()[kind]
        held = [row for row in truth(sandbox, kind) if row["parents"]["network"] == network]
        assert rows == [row["item"] for row in held]
        assert rows
    assert list(call("GET", "/networks").json()) == ["networks"]


def test_campaigns_are_listed_by_advertiser_or_by_zone_never_both(call, sandbox):
    placement = truth(sandbox, "placements")[0]["parents"]
    campaign = next(
        row for row in truth(sandbox, "campaigns") if row["item"]["id"] == placement["campaign"]
    )["item"]
    by_zone = {"zone_id": placement["zone"]}
    by_advertiser = {"advertiser_id": campaign["advertiser_id"]}

    assert campaign in call("GET", "/campaigns", by_zone).json()["campaigns"]
    assert campaign in call("GET", "/campaigns", by_advertiser).json()["campaigns"]
    assert call("GET", "/campaigns", {**by_zone, **by_advertiser}).status_code == 400
    assert call("GET", "/campaigns").status_code == 400


def test_advertisements_name_their_owner_and_can_be_asked_for_by_it(call, sandbox):
    row = truth(sandbox, "advertisements")[0]
    query = {"network_id": row["parents"]["network"], "advertiser_id": row["parents"]["advertiser"]}

    rows = call("GET", "/advertisements", query).json()["advertisements"]

    owner = next(
        owner["item"]
        for owner in truth(sandbox, "advertisers")
        if owner["item"]["id"] == row["parents"]["advertiser"]
    )
    assert {item["advertiser"] for item in rows} == {owner["name"]}
    assert not {"advertiser_id", "network_id", "destination"} & set(rows[0])
    assert call("GET", f"/advertisements/{row['item']['id']}").status_code == 404


@pytest.mark.parametrize("envelope", ["bare", "placements", "placement"])
def test_placements_come_bare_or_in_an_envelope(sandbox, call, envelope):
    sandbox.reset(1, broadstreet={"entities": 600, "placements_envelope": envelope})
    placed = truth(sandbox, "placements")[0]

    page = call("GET", "/placements", {"campaign_id": placed["parents"]["campaign"]}).json()

    rows = page if envelope == "bare" else page[envelope]
    assert placed["item"] in rows
    assert set(placed["item"]) == {"advertisement_id", "zone_id", "restrictions"}


def test_a_campaign_by_id_comes_bare_or_wrapped(sandbox, call):
    number = first(sandbox, "campaigns")
    bare = call("GET", f"/campaigns/{number}").json()
    sandbox.reset(1, broadstreet={"entities": 600, "single_envelope": "wrapped"})

    assert call("GET", f"/campaigns/{number}").json() == {"campaign": bare}


def test_counts_are_only_in_the_single_network(call, sandbox):
    number = first(sandbox, "networks")
    single = call("GET", f"/networks/{number}").json()["network"]

    assert {"advertiser_count", "zone_count"} <= set(single)
    assert not {"advertiser_count", "zone_count"} & set(first_item(sandbox, "networks"))


def first_item(sandbox, kind):
    return truth(sandbox, kind)[0]["item"]


def test_the_data_set_has_the_structure_of_a_real_account(vendors):
    vendors.reset(3, broadstreet={"entities": None})

    rows = list(vendors.truth("broadstreet"))

    items = {kind: [row["item"] for row in rows if row["kind"] == kind] for kind in KINDS}
    assert {kind: len(found) for kind, found in items.items()} == OBSERVED
    nulls = {
        name: sum(row[name] is None for row in items["campaigns"])
        for name in ("start_date", "end_date", "display_type", "max_impression_count")
    }
    assert nulls == {
        "start_date": 6,
        "end_date": 66,
        "display_type": 10,
        "max_impression_count": 122,
    }
    assert Counter(row["type"] for row in items["advertisements"]) == {
        "StaticAdvertisement": 67,
        "StencilAdvertisement": 20,
        "HtmlAdvertisement": 15,
    }
    assert sum(row["alias"] is None for row in items["zones"]) == 648
    assert doubled(items["zones"]) == [2] * 7
    assert doubled(items["campaigns"]) == [6, 3, 3, 2, 2, 2]
    assert doubled(items["advertisements"]) == [6]
    assert doubled(items["advertisers"]) == [2]
    spaced = [
        row["name"]
        for row in items["zones"]
        if row["name"] != row["name"].strip("\u200b \n\t\r\xa0")
    ]
    assert len(spaced) == 80
    triples = Counter(tuple(row["parents"].values()) for row in rows if row["kind"] == "placements")
    assert set(triples.values()) == {1}


def doubled(items):
    bare = Counter(row["name"].strip("\u200b \n\t\r\xa0") for row in items)
    return sorted((number for number in bare.values() if number > 1), reverse=True)


def test_the_goal_is_fifty_thousand_of_six_kinds(vendors):
    vendors.reset(3, broadstreet={"entities": 50_000})

    counts = Counter(row["kind"] for row in vendors.truth("broadstreet"))

    assert counts == {
        "networks": 10,
        "advertisers": 2_000,
        "zones": 500,
        "advertisements": 20_000,
        "campaigns": 5_000,
        "placements": 22_500,
    }


def test_names_are_not_unique_and_every_create_makes_another(call, sandbox):
    network = first(sandbox, "networks")

    made = [call("POST", "/zones", {"network_id": network}, {"name": " Same "}) for _ in range(2)]

    rows = call("GET", "/zones", {"network_id": network}).json()["zones"]
    assert [reply.status_code for reply in made] == [201, 201]
    assert [row["name"] for row in rows[-2:]] == [" Same ", " Same "]
    assert rows[-1] == made[1].json()["zone"]
    assert rows[-2]["id"] < rows[-1]["id"]


def test_a_placement_is_created_with_an_empty_answer_and_may_be_there_twice(call, sandbox):
    triple = {f"{name}_id": key for name, key in truth(sandbox, "placements")[0]["parents"].items()}

    made = [call("POST", "/placements", body=triple) for _ in range(2)]

    assert [(reply.status_code, reply.content) for reply in made] == [(201, b"")] * 2
    query = {"campaign_id": triple["campaign_id"]}
    rows = call("GET", "/placements", query).json()
    same = [
        row
        for row in rows
        if row["zone_id"] == triple["zone_id"]
        and row["advertisement_id"] == triple["advertisement_id"]
    ]
    assert len(same) == 3
    assert [note["kind"] for note in sandbox.creates()] == ["placements"] * 2


@pytest.mark.parametrize(
    ("weight", "label"),
    [
        (0, "remnant"),
        (0.5, "low"),
        (1, "default"),
        (1.5, "high"),
        (127, "sponsorship"),
        ("default", "remnant"),
    ],
)
def test_a_weight_is_written_as_a_number_and_read_as_a_label(call, sandbox, weight, label):
    where = {"advertiser_id": first(sandbox, "advertisers")}

    reply = call("POST", "/campaigns", where, {"name": "W", "weight": weight})

    assert reply.json()["campaign"]["weight"] == label


def test_a_date_without_a_time_loses_a_day(call, sandbox):
    where = {"advertiser_id": first(sandbox, "advertisers")}
    body = {
        "name": "D",
        "start_date": "2025-10-01",
        "end_date": "2025-10-31 23:59:59",
        "active": True,
        "notes": "kept",
    }

    shown = call("POST", "/campaigns", where, body).json()["campaign"]

    assert (shown["start_date"], shown["end_date"]) == ("2025-09-30", "2025-10-31")
    assert shown["active"] is False
    assert "notes" not in shown
    assert truth(sandbox, "campaigns")[-1]["kept"] == {"notes": "kept"}


@pytest.mark.parametrize(
    ("kind", "body", "field"),
    [
        ("advertisements", {"type": "image", "name": "A", "destination": "https://x.test"}, "type"),
        ("advertisements", {"type": "static", "name": "A"}, "destination"),
        ("campaigns", {"name": " "}, "name"),
        ("campaigns", {"name": "n" * 256}, "name"),
        ("campaigns", {"name": "A", "weight": 100}, "weight"),
        ("campaigns", {"name": "A", "display_type": "often"}, "display_type"),
        ("campaigns", {"name": "A", "start_date": "2025-09-18T00:50"}, "start_date"),
    ],
)
def test_what_the_model_refuses_says_the_field(call, sandbox, kind, body, field):
    reply = call("POST", f"/{kind}", {"advertiser_id": first(sandbox, "advertisers")}, body)

    assert reply.status_code == 422
    assert list(reply.json()["errors"]) == [field]
    assert sandbox.creates() == []


def test_a_created_advertisement_is_answered_in_another_shape(call, sandbox):
    body = {
        "type": "Static",
        "name": "A",
        "destination": "https://x.test",
        "active_url": "https://x.test/a",
    }

    shown = call("POST", "/advertisements", {"advertiser_id": first(sandbox, "advertisers")}, body)

    item = shown.json()["advertisement"]
    assert set(item) == {"id", "name", "preferred_hash_tag", "html", "preview_html"}
    held = truth(sandbox, "advertisements")[-1]
    assert held["item"]["type"] == "StaticAdvertisement"
    assert held["kept"] == {"destination": "https://x.test"}


def test_a_missing_parent_is_not_found(call):
    assert call("POST", "/zones", {"network_id": 1}, {"name": "A"}).status_code == 404
    assert call("GET", "/zones", {"network_id": 1}).status_code == 404
    assert call("GET", "/zones").status_code == 400


def test_updates_and_deletes_are_seen_by_the_next_list(call, sandbox):
    zone, campaign = first(sandbox, "zones"), first(sandbox, "campaigns")
    network = first_item(sandbox, "zones")["network_id"]

    assert call("PUT", f"/zones/{zone}", body={"name": "Other", "x": 1}).status_code == 200
    assert call("DELETE", f"/campaigns/{campaign}").status_code == 204

    rows = call("GET", "/zones", {"network_id": network}).json()["zones"]
    assert next(row for row in rows if row["id"] == zone)["name"] == "Other"
    assert call("GET", f"/campaigns/{campaign}").status_code == 404
    placed = {row["parents"]["campaign"] for row in truth(sandbox, "placements")}
    assert campaign not in placed


def test_a_placement_is_deleted_by_its_triple(call, sandbox):
    triple = {f"{name}_id": key for name, key in truth(sandbox, "placements")[0]["parents"].items()}

    assert call("DELETE", "/placements", triple).status_code == 204
    assert call("DELETE", "/placements", triple).status_code == 404


def test_people_add_edit_and_remove_in_the_dashboard(call, sandbox):
    network = first(sandbox, "networks")
    added = sandbox.change(
        "broadstreet", "add", entity="zones", network=network, fields={"name": "By hand"}
    )
    sandbox.change("broadstreet", "edit", entity="zones", which=added["key"], fields={"alias": "x"})
    rows = call("GET", "/zones", {"network_id": network}).json()["zones"]
    assert (rows[-1]["name"], rows[-1]["alias"]) == ("By hand", "x")

    sandbox.change("broadstreet", "insert", entity="zones", network=network, item={"id": "text"})
    rows = call("GET", "/zones", {"network_id": network}).json()["zones"]
    assert rows[-1] == {"id": "text"}

    sandbox.change("broadstreet", "remove", entity="zones", which=added["key"])
    rows = call("GET", "/zones", {"network_id": network}).json()["zones"]
    assert added["key"] not in [row["id"] for row in rows]
    assert sandbox.creates() == []


def test_an_account_is_restarted_without_touching_other_vendors(call, sandbox):
    offers = [row["entity"] for row in sandbox.truth("trackier")]

    sandbox.change("broadstreet", "restart", seed=9, settings={"entities": 200})

    assert len(call("GET", "/networks").json()["networks"]) == 1
    assert [row["entity"] for row in sandbox.truth("trackier")] == offers


def test_a_change_that_asks_for_the_impossible_is_explained(sandbox):
    with pytest.raises(VendorSandboxError, match="there is no zones 5"):
        sandbox.change("broadstreet", "edit", entity="zones", which=5, fields={})
    with pytest.raises(VendorSandboxError, match="zones needs network"):
        sandbox.change("broadstreet", "add", entity="zones")


@pytest.mark.parametrize(
    ("kind", "how", "expected"),
    [
        ("status", {"status": 500, "commit": True}, 500),
        ("html", {"commit": True}, 200),
        ("too_many", {"commit": True}, 429),
        ("close", {"commit": True}, None),
        ("commit_then_timeout", {}, None),
        ("status", {"status": 502}, 502),
        ("close", {}, None),
    ],
)
def test_an_answer_is_lost_after_the_commit_or_before(call, sandbox, kind, how, expected):
    network = first(sandbox, "networks")
    sandbox.faults.add(kind, "broadstreet", method="POST", times=1, **how)

    status = None
    try:
        where = {"network_id": network}
        timeout = 1 if kind == "commit_then_timeout" else 5
        status = call("POST", "/zones", where, {"name": "Lost"}, timeout=timeout).status_code
    except requests.RequestException:
        assert expected is None

    assert status == expected
    committed = bool(how.get("commit")) or kind == "commit_then_timeout"
    assert [note["fields"]["name"] for note in sandbox.creates()] == ["Lost"] * committed


def test_a_commit_is_refused_where_the_fault_answers_anyway(sandbox):
    with pytest.raises(VendorSandboxError, match="commit goes with"):
        sandbox.faults.add("trickle", "broadstreet", commit=True)


def test_every_call_can_take_its_time(call, sandbox):
    sandbox.faults.add("latency", "broadstreet", seconds=0.28)

    began = time.monotonic()
    reply = call("GET", "/networks")

    assert reply.status_code == 200
    assert time.monotonic() - began >= 0.28


def test_reports_are_json_that_say_they_are_a_page(call):
    reply = call("GET", "/records", {"type": "network", "id": 1})

    assert reply.headers["Content-Type"].startswith("text/html")
    assert reply.json() == {"records": []}


def test_what_was_created_survives_a_kill_of_the_server_with_its_id(tmp_path):
    arguments = ("--state-dir", str(tmp_path), "--seed", "9")
    with spawn(*arguments, keys={"broadstreet": TOKEN}) as killed:
        where = {"network_id": first(killed, "networks"), "access_token": TOKEN}
        url = f"{killed.vendor_url('broadstreet')}/api/1/zones"
        made = requests.post(url, params=where, json={"name": "Foyer"}, timeout=5).json()["zone"]
        before = truth(killed, "zones")

    with spawn(*arguments, keys={"broadstreet": TOKEN}) as restarted:
        after = truth(restarted, "zones")
        creates = restarted.creates()

    assert after == before
    assert made["id"] in {row["item"]["id"] for row in after}
    assert [note["fields"]["name"] for note in creates] == ["Foyer"]
