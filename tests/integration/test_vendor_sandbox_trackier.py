from __future__ import annotations

import time
from itertools import pairwise

import pytest
import requests

from sandbox.vendors.control import DEFAULT_KEYS, VendorSandboxError, spawn

pytestmark = pytest.mark.integration

KEY = {"X-Api-Key": DEFAULT_KEYS["trackier"]}
SMALL_PAGES = {"campaigns": 100, "advertisers": 4, "publishers": 7}


@pytest.fixture
def sandbox(vendors):
    """Give the worker's vendor sandbox a small world that nobody has changed."""
    vendors.reset(1, trackier={"offers": 250, "brands": 10, "publishers": 30})
    return vendors


@pytest.fixture
def get(sandbox):
    with requests.Session() as session:

        def ask(path, params=None, headers=KEY, method="GET"):
            url = sandbox.vendor_url("trackier") + path
            return session.request(method, url, params=params, headers=headers, timeout=5)

        yield ask


@pytest.fixture
def walk(get):
    def pages(entity, params=None):
        query, found = dict(params or {}), []
        while True:
            page = get(f"/v2/{entity}", query).json()
            found.append(page)
            if page.get("lastId") is None or not page[entity]:
                return found
            query["lastId"] = page["lastId"]

    return pages


def rows_of(pages, entity):
    return [row for page in pages for row in page[entity]]


@pytest.mark.parametrize(
    ("headers", "params", "status", "code"),
    [
        ({}, {}, 400, "101"),
        ({"Authorization": "Bearer " + DEFAULT_KEYS["trackier"]}, {}, 400, "101"),
        ({}, {"api_key": DEFAULT_KEYS["trackier"]}, 400, "101"),
        ({"X-Api-Key": "wrong"}, {}, 400, "102"),
        ({"X-Api-Key": DEFAULT_KEYS["trackier.publisher"]}, {}, 403, "106"),
    ],
)
def test_a_key_that_may_not_read_is_refused_by_code(get, headers, params, status, code):
    reply = get("/v2/advertisers", params, headers)

    assert reply.status_code == status
    assert reply.json()["errors"][0]["code"] == code


@pytest.mark.parametrize("name", ["X-Api-Key", "x-api-key", "X-API-KEY"])
def test_the_key_is_taken_from_the_header_in_any_case(get, name):
    assert get("/v2/advertisers", headers={name: DEFAULT_KEYS["trackier"]}).status_code == 200


def test_the_key_is_taken_from_the_query_and_never_logged(get, sandbox):
    reply = get("/v2/advertisers", {"apiKey": DEFAULT_KEYS["trackier"], "limit": 3}, {})

    assert reply.status_code == 200
    assert sandbox.requests()[-1]["query"] == "apiKey=[redacted]&limit=3"


def test_login_answers_with_the_key(sandbox):
    url = sandbox.vendor_url("trackier") + "/v2/login"
    right = {"email": "a@b.example", "password": "sandbox-trackier-password", "networkUrl": "x"}

    assert requests.post(url, json=right, timeout=5).json()["data"]["key"] == KEY["X-Api-Key"]
    assert requests.post(url, json={**right, "password": "no"}, timeout=5).status_code == 401


@pytest.mark.parametrize("entity", ["advertisers", "campaigns", "publishers"])
def test_a_walk_to_the_end_sees_every_row_once_in_order(sandbox, walk, entity):
    sandbox.reset(
        1, trackier={"offers": 250, "brands": 10, "publishers": 30, "page_size": SMALL_PAGES}
    )

    pages = walk(entity)

    ids = [row["id"] for row in rows_of(pages, entity)]
    expected = {"advertisers": 10, "campaigns": 250, "publishers": 30}[entity]
    assert ids == list(range(1, expected + 1))
    assert {page["pagination"]["perPage"] for page in pages} == {SMALL_PAGES[entity]}
    assert all(later["lastId"] != earlier["lastId"] for earlier, later in pairwise(pages))


def test_only_accounts_have_a_total(get):
    assert get("/v2/advertisers").json()["pagination"] == {"perPage": 1000, "totalCount": 10}
    assert get("/v2/campaigns").json()["pagination"] == {"perPage": 1000}


def test_limit_counts_for_accounts_only_and_never_above_a_page(get):
    assert len(get("/v2/publishers", {"limit": 3}).json()["publishers"]) == 3
    assert get("/v2/publishers", {"limit": 5000}).json()["pagination"]["perPage"] == 1000
    assert len(get("/v2/campaigns", {"limit": 3}).json()["campaigns"]) == 250


@pytest.mark.parametrize("last_page", ["null", "absent", "empty"])
def test_the_last_page_ends_as_the_world_says(sandbox, get, walk, last_page):
    sandbox.reset(1, trackier={"offers": 40, "last_page": last_page})

    page = get("/v2/campaigns").json()

    assert (
        page.get("lastId", "absent") == {"null": None, "absent": "absent", "empty": 40}[last_page]
    )
    assert len(rows_of(walk("campaigns"), "campaigns")) == 40


def test_descending_walks_go_backwards(sandbox, walk):
    sandbox.reset(1, trackier={"offers": 25, "page_size": {"campaigns": 10}})

    ids = [row["id"] for row in rows_of(walk("campaigns", {"direction": "desc"}), "campaigns")]

    assert ids == list(range(25, 0, -1))


def test_campaigns_of_advertisers_are_asked_by_int_or_hash_and_make_up_all(get, walk):
    brands = get("/v2/advertisers").json()["advertisers"]
    everything = rows_of(walk("campaigns"), "campaigns")

    found = {
        brand["id"]: rows_of(walk("campaigns", {"advertiser[]": [brand["id"]]}), "campaigns")
        for brand in brands
    }
    mixed = [brands[0]["id"], brands[1]["hashId"]]
    both = rows_of(walk("campaigns", {"advertiser[]": mixed}), "campaigns")

    for brand in brands:
        assert {row["advertiserId"] for row in found[brand["id"]]} <= {brand["hashId"]}
    assert sorted(row["id"] for rows in found.values() for row in rows) == [
        row["id"] for row in everything
    ]
    assert len(both) == len(found[1]) + len(found[2])


def test_an_even_spread_gives_every_brand_the_same(sandbox, get):
    sandbox.reset(1, trackier={"offers": 1000, "brands": 10, "spread": "even"})

    counts = [len(get("/v2/campaigns", {"advertiser[]": n}).json()["campaigns"]) for n in (1, 10)]

    assert counts == [100, 100]


@pytest.mark.parametrize(
    ("name", "value", "field"),
    [
        ("filters[status]", "paused", "status"),
        ("filters[objective][]", "cps", "commModel"),
        ("filters[visibility][]", "private", "visibility"),
        ("filters[geo][]", "IN", "geo"),
        ("filters[category][]", "Travel", "categories"),
    ],
)
def test_campaign_filters_choose_what_the_unfiltered_list_has(walk, name, value, field):
    everything = rows_of(walk("campaigns"), "campaigns")

    chosen = rows_of(walk("campaigns", {name: value}), "campaigns")

    assert chosen
    assert chosen == [row for row in everything if value in _as_list(row.get(field))]


def _as_list(value):
    return value if isinstance(value, list) else [value]


def test_account_filters_choose_by_name_and_ids(get):
    brands = get("/v2/advertisers").json()["advertisers"]
    name = brands[3]["name"]

    by_name = get("/v2/advertisers", {"filters[name]": name}).json()
    by_ids = get("/v2/advertisers", {"filters[ids][]": [2, brands[4]["hashId"]]}).json()

    assert {row["name"] for row in by_name["advertisers"]} == {name}
    assert by_name["pagination"]["totalCount"] == len(by_name["advertisers"])
    assert [row["id"] for row in by_ids["advertisers"]] == [2, 5]


@pytest.mark.parametrize("entity", ["advertisers", "campaigns", "publishers"])
def test_one_row_is_found_by_either_id(get, entity):
    row = get(f"/v2/{entity}").json()[entity][2]

    assert get(f"/v2/{entity}/3").json() == {entity[:-1]: row}
    assert get(f"/v2/{entity}/{row['hashId']}").json() == {entity[:-1]: row}


def test_payouts_of_a_campaign_are_those_of_its_row(get):
    row = get("/v2/campaigns/3").json()["campaign"]

    assert get("/v2/campaigns/3/payouts").json() == {"payouts": row["payouts"]}


@pytest.mark.parametrize(
    "path",
    ["/v2/campaigns/999", "/v2/campaigns/ffffffffffffffffffffffff", "/v2/nothing", "/v1/campaigns"],
)
def test_what_does_not_exist_is_code_109(get, path):
    reply = get(path)

    assert reply.status_code == 404
    assert reply.json()["success"] is False
    assert reply.json()["errors"][0]["code"] == "109"


@pytest.mark.parametrize("method", ["PATCH", "PUT", "DELETE"])
def test_other_methods_are_not_allowed(get, method):
    assert get("/v2/campaigns/3", method=method).status_code == 405


def test_rows_carry_the_quirks_of_the_vendor(sandbox, get):
    sandbox.reset(1, trackier={"offers": 1000, "brands": 100})

    rows = get("/v2/campaigns").json()["campaigns"]
    brands = get("/v2/advertisers").json()["advertisers"]

    assert {"archived", "suspended", "paused"} <= {row["status"] for row in rows}
    assert any(row.get("categories", "missing") is None for row in rows)
    assert any("categories" not in row for row in rows)
    assert any(isinstance(p["payout"], float) and p["payout"] % 1 == 0 for p in _payouts(rows))
    assert any(p["pubIds"] for p in _payouts(rows))
    assert any("goalId" in p for p in _payouts(rows))
    assert any("currency" not in p for p in _payouts(rows))
    assert {"blocked_pubs", "blockedPubs"} <= {name for brand in brands for name in brand}


def _payouts(rows):
    return [payout for row in rows for payout in row["payouts"]]


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(sandbox, get):
    def served(seed):
        sandbox.reset(seed, trackier={"offers": 100})
        return get("/v2/campaigns").content, get("/v2/advertisers").content

    assert served(5) == served(5)
    assert served(5)[0] != served(6)[0]


def test_a_row_does_not_depend_on_the_page_it_is_on(get):
    alone = get("/v2/campaigns/77").json()["campaign"]

    assert get("/v2/campaigns", {"lastId": 76}).json()["campaigns"][0] == alone


def test_a_million_offers_cost_no_more_than_the_page_that_is_asked(sandbox, get):
    def quickest(offers, after):
        seconds = []
        for _ in range(3):
            start = time.monotonic()
            sandbox.reset(1, trackier={"offers": offers, "brands": offers // 100})
            page = get("/v2/campaigns", {"lastId": after}).json()
            seconds.append(time.monotonic() - start)
        return min(seconds), page

    few, _ = quickest(2_000, 777)
    many, page = quickest(1_000_000, 777_777)

    # Five hundred times as many: what made them all would take hundreds of times as long.
    assert many < few * 20
    assert [page["campaigns"][0]["id"], page["lastId"]] == [777_778, 778_777]


def test_edits_removals_and_additions_show(sandbox, get):
    sandbox.edit_campaign(3, title="Edited", status="paused")
    sandbox.remove_campaign(4)
    added = sandbox.add_campaign(brand=2, title="Added")

    assert get("/v2/campaigns/3").json()["campaign"]["title"] == "Edited"
    assert get("/v2/campaigns/4").status_code == 404
    rows = get("/v2/campaigns", {"advertiser[]": 2}).json()["campaigns"]
    assert (rows[-1]["id"], rows[-1]["title"]) == (added["id"], "Added")


def test_a_campaign_moves_to_the_advertiser_it_is_given(sandbox, get):
    brand = get("/v2/advertisers/9").json()["advertiser"]

    sandbox.edit_campaign(3, advertiserId=brand["hashId"])

    rows = get("/v2/campaigns", {"advertiser[]": 9}).json()["campaigns"]
    assert {row["advertiserId"] for row in rows} == {brand["hashId"]}
    assert 3 in {row["id"] for row in rows}


@pytest.mark.parametrize(("where", "places"), [("same_page", [2, 3]), ("later", [2, 250])])
def test_a_duplicate_is_listed_twice_and_the_last_one_counts(sandbox, get, where, places):
    row = sandbox.duplicate_campaign(3, where, title="Second mention")

    rows = get("/v2/campaigns").json()["campaigns"]
    expected = [line for line in sandbox.truth() if line.get("display_id") == 3]
    assert [place for place, found in enumerate(rows) if found["hashId"] == row["hashId"]] == places
    assert [line["name"] for line in expected if line["entity"] == "offer"] == ["Second mention"]


MALFORMED = {
    "missing_title": lambda row: "title" not in row,
    "wrong_types": lambda row: row["title"] == ["a", "list"],
    "commission_250": lambda row: {p["payout"] for p in row["payouts"]} == {250},
    "negative_payout": lambda row: row["payouts"][0]["payout"] < 0,
    "bad_currency": lambda row: row["currency"] == "ZZQ",
    "unknown_brand": lambda row: row["advertiserId"].startswith("0000"),
    "not_an_object": lambda row: row[0] == "not an object",
    "nul_title": lambda row: "\0" in row["title"],
    "over_long": lambda row: len(row["title"]) > 100_000,
    "infinite_payout": lambda row: row["payouts"][0]["payout"] == float("inf"),
    "null_row": lambda row: row is None,
    "missing_id": lambda row: "hashId" not in row,
}


@pytest.mark.parametrize("kind", MALFORMED)
def test_a_malformed_row_is_listed_under_its_brand_and_is_no_truth(sandbox, get, kind):
    named = sandbox.malform(kind, brand=2)

    last = get("/v2/campaigns", {"advertiser[]": 2}).json()["campaigns"][-1]
    lines = [line for line in sandbox.truth() if line["entity"] in {"offer", "malformed"}]
    assert MALFORMED[kind](last)
    assert len(lines) == 251
    assert lines[-1] == {"entity": "malformed", "of": "campaigns", "kind": kind, **named}


def test_raw_text_goes_into_the_page_unread(sandbox, get):
    sandbox.change("trackier", "insert", entity="campaigns", raw='{"id": 1, "id": 2, "n": NaN}')

    assert b'{"id": 1, "id": 2, "n": NaN}' in get("/v2/campaigns").content


def test_a_wrong_total_can_be_given(sandbox, get):
    sandbox.change("trackier", "miscount", entity="advertisers", by=3)

    assert get("/v2/advertisers").json()["pagination"]["totalCount"] == 13


def test_days_pass_the_same_way_every_time(sandbox, get):
    def after_three_days():
        sandbox.reset(4, trackier={"offers": 1000})
        return sandbox.advance(3), get("/v2/campaigns").content

    counts, content = after_three_days()

    assert (counts, content) == after_three_days()
    assert counts["new"] == 15
    assert counts["vanished"] > 0
    assert counts["changed"] > 40


def test_the_brief_shape_has_its_ids_and_truth(sandbox, get):
    sandbox.reset(1, trackier={"offers": 120, "brands": 3, "shape": "brief"})

    rows = get("/v2/campaigns", {"advertiser[]": "adv_002"}).json()["campaigns"]
    brands = get("/v2/advertisers").json()["advertisers"]

    assert set(rows[0]) == {"id", "advertiser_id", "name", "category", "payout"}
    assert {row["advertiser_id"] for row in rows} == {"adv_002"}
    assert [brand["id"] for brand in brands] == ["adv_001", "adv_002", "adv_003"]
    expected = {line.get("trackier_campaign_id"): line for line in sandbox.truth()}
    assert expected[rows[0]["id"]]["payout_amount"] == rows[0]["payout"]["amount"]


def payout(number, **changes):
    return {"_id": f"{number:024x}", "payout": number, "currency": "USD", "model": "cpa", **changes}


@pytest.mark.parametrize(
    ("payouts", "expected"),
    [
        ([payout(5), payout(2)], (2, "USD", "cpa", None)),
        ([payout(2, goalId="f" * 24), payout(5)], (5, "USD", "cpa", None)),
        ([payout(2, pubIds=[7]), payout(5)], (5, "USD", "cpa", None)),
        ([payout(2, geo=["IN"]), payout(5, geo=["IN", "US"])], (5, "USD", "cpa", None)),
        ([payout(2, geo=["IN", "US"]), payout(5, geo=["all"])], (5, "USD", "cpa", None)),
        ([payout(4, geo=[]), payout(3, geo=["all"])], (3, "USD", "cpa", None)),
        ([payout(8, model="cps")], (8, "USD", "cps", 8)),
        ([payout(8, payoutModel="revshare")], (8, "USD", "cpa", 8)),
        ([payout(8, payoutModel="hybrid", fixedPayout=2)], (8, "USD", "cpa", None)),
        ([payout(8, model=None, currency=None)], (8, "AED", "cpl", None)),
        ([], (None, "AED", "cpl", None)),
    ],
)
def test_truth_knows_the_payout_that_counts(sandbox, payouts, expected):
    sandbox.edit_campaign(3, payouts=payouts, commModel="cpl", currency="AED")

    offers = (line for line in sandbox.truth() if line["entity"] == "offer")
    offer = next(line for line in offers if line["display_id"] == 3)
    names = ("payout_amount", "payout_currency", "payout_model", "base_commission_pct")
    assert tuple(offer[name] for name in names) == expected


def test_truth_tells_status_category_and_owner_of_a_row(sandbox, get):
    row = get("/v2/campaigns/3").json()["campaign"]
    sandbox.edit_campaign(3, status="on_fire", categories=["One", "Two"], title="Ünï")

    offers = (line for line in sandbox.truth() if line["entity"] == "offer")
    offer = next(line for line in offers if line["display_id"] == 3)
    assert offer["trackier_campaign_id"] == row["hashId"]
    assert offer["trackier_advertiser_id"] == row["advertiserId"]
    assert (offer["name"], offer["status"], offer["is_active"]) == ("Ünï", "on_fire", False)
    assert offer["category"] == "One"


def test_campaigns_of_a_removed_advertiser_are_orphans(sandbox, get):
    count = len(get("/v2/campaigns", {"advertiser[]": 1}).json()["campaigns"])

    sandbox.change("trackier", "remove", entity="advertisers", which=1)

    lines = list(sandbox.truth())
    assert sum(line["entity"] == "orphan" for line in lines) == count
    assert sum(line["entity"] == "brand" for line in lines) == 9


def test_sensitive_lists_what_was_served_and_nothing_else(sandbox, get):
    before = {entry["value"] for entry in sandbox.sensitive("trackier")}
    first = get("/v2/advertisers", {"limit": 1}).json()["advertisers"][0]
    sandbox.edit_advertiser(2, phone="edited phone")
    second = get("/v2/advertisers/2").json()["advertiser"]
    values = {entry["value"] for entry in sandbox.sensitive("trackier")}

    keys = {key for name, key in DEFAULT_KEYS.items() if name.startswith("trackier")}
    assert len(keys) == 2
    assert keys <= before
    assert first["email"] not in before
    assert {first["email"], first["meta"]["security_token"], second["email"]} <= values
    assert "edited phone" in values
    third = get("/v2/advertisers/3").json()["advertiser"]
    assert third["email"] not in values


def test_sensitive_values_are_unique_to_their_rows(sandbox, get):
    sandbox.reset(1, trackier={"brands": 1000, "publishers": 1000})
    rows = [row for entity in ("advertisers", "publishers") for row in _all(get, entity)]

    for name in ("phone", "username", "signup_ip"):
        values = [row[name] for row in rows if row.get(name)]
        assert len(values) == len(set(values)) > 500
    assert any("bank" in row.get("meta", {}) for row in rows)
    # One publisher in fifty shares the e-mail address of another one.
    assert len(rows) - len({row["email"] for row in rows}) == 20


def _all(get, entity):
    return get(f"/v2/{entity}").json()[entity]


def test_a_mistake_in_a_control_call_is_explained(sandbox):
    with pytest.raises(VendorSandboxError, match="no row 99999"):
        sandbox.edit_campaign(99999, title="x")
    with pytest.raises(VendorSandboxError, match="unknown malformation"):
        sandbox.malform("broken somehow")
    with pytest.raises(VendorSandboxError, match="no vendor 'acme'"):
        sandbox.reset(1, acme={})
    with pytest.raises(VendorSandboxError, match="spread is one of"):
        sandbox.reset(1, trackier={"spread": "flat"})


def test_a_broken_row_is_removed_not_edited(sandbox, get):
    broken = sandbox.malform("missing_title")
    again = sandbox.duplicate_campaign(3)

    with pytest.raises(VendorSandboxError, match="remove it instead"):
        sandbox.edit_campaign(broken["id"], title="x")
    sandbox.remove_campaign(broken["id"])
    sandbox.remove_campaign(again["listed_id"])
    assert len(get("/v2/campaigns").json()["campaigns"]) == 250


def test_keys_and_changes_survive_a_restart_of_the_server(tmp_path):
    arguments = ("--state-dir", str(tmp_path), "--seed", "9", "--size", "20")
    with spawn(*arguments) as first:
        first.edit_campaign(3, title="Kept")
        first.remove_campaign(5)

    with spawn(*arguments, keys={"trackier": "another key"}) as second:
        url = second.vendor_url("trackier") + "/v2/campaigns"
        rows = requests.get(url, headers={"x-api-key": "another key"}, timeout=5).json()[
            "campaigns"
        ]

    assert len(rows) == 19
    assert rows[2]["title"] == "Kept"
