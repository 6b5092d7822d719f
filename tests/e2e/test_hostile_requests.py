"""What somebody with a login sends on purpose: MongoDB's operators, lines of a log, nonsense."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.e2e.test_broadstreet_endpoints import account  # noqa: F401 - a fixture
from tests.e2e.users import User

pytestmark = pytest.mark.airflow
OPERATORS = ({"$ne": None}, {"$gt": ""}, {"$where": "1"}, {"$oid": "0" * 24}, {"$set": {"a": 1}})
FORGED = "FORGED"
HUGE, NUL, HALF, DEEP = 10**30, "a\0b", "\ud800", "[" * 100_000


def everything(db):
    """Return all documents of Broadstreet's database."""
    names = sorted(db.list_collection_names())
    return {name: sorted(map(str, db[name].find())) for name in names}


def with_operator(zone, network, operator):
    """Yield requests that hold an operator where a value or a name of a field is expected."""
    [(word, _)] = operator.items()
    one, text = f"/api/local/zones/{zone}", quote(json.dumps(operator), safe="")
    fields = {"name": "A", "network_id": network}
    for wrong in (
        *({**fields, name: operator} for name in ("name", "network_id", "alias", "_id", "version")),
        {**fields, word: operator[word]},
        {**fields, "network_id": [operator]},
        {word: fields},
    ):
        yield "POST", "/api/local/zones", wrong
    for wrong in ({"version": operator}, {"version": 1, "name": operator},
                  {"version": 1, word: {"name": "B"}}, {"version": 1, "sync_errors": operator},
                  {"version": 1, "name.$[]": "B"}):  # fmt: skip
        yield "PATCH", one, wrong
    for method in ("GET", "DELETE", "PATCH"):
        yield method, f"/api/local/zones/{text}", {"version": 1, "name": "B"}
    yield "DELETE", f"{one}?version={text}", None
    yield "GET", f"/api/sync/runs/{text}", None
    for option in ("network_ids", "advertiser_ids", "campaign_ids", "mode", "dry_run"):
        yield "POST", "/api/sync/all", {option: operator}
        yield "POST", "/api/sync/all", {option: [operator]}
    for option in ("entity_types", "local_ids", "retry_refused", "dry_run"):
        yield "POST", "/api/sync/local-all", {option: operator}
        yield "POST", "/api/sync/local-all", {option: [operator]}


def nonsense(zone, network):
    """Yield requests whose values no store can hold; pages are asked by the same people."""
    fields = {"name": "A", "network_id": network}
    yield "POST", "/api/local/zones", json.dumps({**fields, "network_id": HUGE})
    yield "POST", "/api/local/zones", json.dumps({**fields, "name": HALF})
    yield "POST", "/api/local/zones", DEEP
    yield "POST", "/api/local/zones", b"\xff\xfe"
    yield "PATCH", f"/api/local/zones/{zone}", json.dumps({"version": HUGE})
    yield "DELETE", f"/api/local/zones/{zone}?version={HUGE}", ""
    yield "GET", f"/api/local/zones?offset={HUGE}", ""
    yield "POST", "/api/sync/all", json.dumps({"network_ids": [HUGE], "mode": NUL})
    for name in ("%00", "%2E%2E", "%2E", "%3Flimit=1", "a%00b"):
        yield "GET", f"/api/sync/runs/{name}", ""
        yield "GET", f"/sync-center/flows/trackier_offer_sync/runs/{name}", ""
        yield "GET", f"/sync-center/flows/{name}/start", ""
        yield "GET", f"/sync-center/edge?company={name}", ""
        yield "GET", f"/sync-center/operations/rejects?flow={name}", ""
    for path in (
        f"operations/rejects/{HUGE}",
        f"operations/rejects?before={HUGE}",
        f"operations/alerts?state=resolved&before={HUGE}",
        f"broadstreet/local-only?skip={HUGE}",
        f"broadstreet/zones?after={HUGE}",
        f"analytics?workspace={HUGE}",
        f"connections/{HUGE}",
        f"connections/workspaces/{HUGE}",
        f"edge?skip={HUGE}",
    ):
        yield "GET", f"/sync-center/{path}", ""
    for path in ("broadstreet/local-only", "broadstreet/export", "broadstreet/local/zones/new",
                 "flows/trackier_offer_sync/start", f"operations/alerts/{HUGE}/resolve",
                 "edge/settings?company=%00", "connections/workspaces/new"):  # fmt: skip
        yield "POST", f"/sync-center/{path}", b"name=\xff\xfe%00&skip=9999999999999999999999"


def test_operators_of_mongodb_are_refused_wherever_they_are_put(account):  # noqa: F811
    operator = account.user("operator")
    zone = operator.add("zones", name="Top", network_id=account.network)["_id"]
    before = everything(account.db)

    answers = [
        (operator.ask(method, path, body), method, path, body)
        for word in OPERATORS
        for method, path, body in with_operator(zone, account.network, word)
    ]

    taken = [asked for answer, *asked in answers if answer.status_code not in {404, 409, 422}]
    assert len(answers) > len(OPERATORS) * 20
    assert taken == []
    assert everything(account.db) == before


def test_nothing_that_is_sent_makes_the_server_fail(account):  # noqa: F811
    zone = account.user("operator").add("zones", name="Top", network_id=account.network)["_id"]
    person = User.log_in(account.airflow.variables, "operator")
    account.airflow.pause("trackier_offer_sync")

    try:
        found = {
            (method, path, str(body)[:80]): person.browse(method, path, body=body).status_code
            for method, path, body in nonsense(zone, account.network)
        }
    finally:
        account.airflow.unpause("trackier_offer_sync")

    assert {asked: status for asked, status in found.items() if status >= 500} == {}
    # It may have been a mistake of ours: somebody has to be able to see it.
    told = [
        line for file in _logs(account.airflow) for line in _lines(file) if "was refused: " in line
    ]
    assert [line for line in told if "GET '/api/local/zones' was refused: OverflowError" in line]


def test_no_line_of_the_log_is_written_by_who_is_logged_in(account):  # noqa: F811
    operator, marked = account.user("operator"), f"x\n{FORGED} level=critical"
    zone = operator.add("zones", name=f"Top {marked}", network_id=account.network)
    for path in ("api/sync/runs/", "api/local/zones/", "sync-center/flows/",
                 "sync-center/edge?company=", "sync-center/operations/rejects?flow="):  # fmt: skip
        operator.browse("GET", f"/{path}{quote(marked, safe='')}")
    operator.browse("POST", "/sync-center/edge/settings?company=" + quote(marked, safe=""))

    run = operator.ask("POST", "/api/sync/local-all", {"local_ids": [zone["_id"]]}).json()
    ended = account.finish(operator, run["run_id"])

    assert ended["state"] == "success"
    lines = [(file, line) for file in _logs(account.airflow) for line in _lines(file)]
    assert [found for found in lines if FORGED in found[1]] != []
    # PostgreSQL begins a line that goes on with a tab: nobody takes that for a line of its own.
    assert [found for found in lines if found[1].startswith(FORGED)] == []


def _logs(airflow) -> list[Path]:
    return [*Path(airflow.variables["AIRFLOW_HOME"]).parent.rglob("*.log")]


def _lines(file: Path) -> list[str]:
    return file.read_text(errors="replace").replace("\r", "\n").split("\n")
