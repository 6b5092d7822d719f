from __future__ import annotations

import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime

import pytest
import requests

from sandbox.vendors.control import DEFAULT_KEYS, VendorSandboxError, spawn

pytestmark = pytest.mark.integration

KEY = {"X-Api-Key": DEFAULT_KEYS["trackier"]}


@pytest.fixture
def sandbox(vendors):
    """Give the worker's vendor sandbox a small world that nobody has changed."""
    vendors.reset(1, trackier={"offers": 250, "brands": 10, "publishers": 30})
    return vendors


@pytest.fixture
def ask(sandbox):
    def send(path="/v2/advertisers", **how):
        how = {"headers": KEY, **how}
        timeout = how.pop("timeout", 5)
        return requests.get(sandbox.vendor_url("trackier") + path, timeout=timeout, **how)

    return send


def last_request(sandbox):
    return sandbox.requests("trackier")[-1]


def test_a_status_comes_with_the_body_and_headers_of_the_rule(sandbox, ask):
    rule = sandbox.faults.add("status", status=503, body={"why": "busy"}, headers={"X-Seen": "yes"})

    reply = ask()

    assert (reply.status_code, reply.json(), reply.headers["X-Seen"]) == (
        503,
        {"why": "busy"},
        "yes",
    )
    record = last_request(sandbox)
    assert (record["status"], record["fault"]) == (503, {"rule": rule, "kind": "status"})


def test_latency_comes_before_the_headers(sandbox, ask):
    sandbox.faults.add("latency", seconds=0.2)

    reply = ask()

    assert reply.status_code == 200
    assert reply.elapsed.total_seconds() >= 0.2
    record = last_request(sandbox)
    assert record["end"] - record["start"] >= 0.2


def test_latency_longer_than_the_client_waits_is_a_timeout(sandbox, ask):
    sandbox.faults.add("latency", seconds=5)

    with pytest.raises(requests.ReadTimeout):
        ask(timeout=0.1)


def test_a_slow_body_has_its_headers_at_once(sandbox, ask):
    whole = ask().content
    sandbox.faults.add("trickle", seconds=1.5, pieces=5)

    start = time.monotonic()
    reply = ask(stream=True)
    headers_after = time.monotonic() - start

    assert headers_after < 1
    assert reply.content == whole
    assert time.monotonic() - start >= 1.5


def test_a_reset_comes_in_the_middle_of_the_body(sandbox):
    sandbox.faults.add("reset", at=0.5)
    request = b"GET /trackier/v2/campaigns HTTP/1.1\r\nHost: x\r\nX-Api-Key: %b\r\n\r\n"
    port = int(sandbox.url.rpartition(":")[2])

    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        client.sendall(request % KEY["X-Api-Key"].encode())
        try:
            while piece := client.recv(65536):
                received += piece
        except ConnectionResetError:
            ended_by = "reset"
        else:
            ended_by = "end of stream"

    head, _, body = received.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    assert ended_by == "reset"
    assert 0 < len(body) <= length // 2
    assert last_request(sandbox)["fault"]["kind"] == "reset"


def test_a_reset_is_an_error_of_the_client_and_heals(sandbox, ask):
    sandbox.faults.add("reset", times=1)

    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        ask("/v2/campaigns")
    assert ask("/v2/campaigns").status_code == 200


def test_a_connection_can_close_without_an_answer(sandbox, ask):
    sandbox.faults.add("close")

    with pytest.raises(requests.ConnectionError):
        ask()
    assert last_request(sandbox)["status"] is None


@pytest.mark.parametrize("kind", ["truncated_json", "malformed_json", "html", "empty"])
def test_a_body_that_is_no_json_is_framed_correctly(sandbox, ask, kind):
    sandbox.faults.add(kind)

    reply = ask()

    assert reply.status_code == 200
    assert int(reply.headers["Content-Length"]) == len(reply.content)
    with pytest.raises(requests.JSONDecodeError):
        reply.json()
    assert last_request(sandbox)["fault"]["kind"] == kind


def test_a_refusal_says_when_to_come_back_in_the_chosen_style(sandbox, ask):
    def headers_of(style):
        sandbox.faults.clear()
        sandbox.faults.add("too_many", style=style, wait=30)
        reply = ask()
        assert reply.status_code == 429
        return reply

    assert headers_of("retry_after").headers["Retry-After"] == "30"
    date = parsedate_to_datetime(headers_of("retry_after_date").headers["Retry-After"])
    assert 20 <= date.timestamp() - time.time() <= 31
    reset = headers_of("reset_epoch").headers
    assert 20 <= int(reset["X-RateLimit-Reset"]) - time.time() <= 31
    assert "Retry-After" not in reset
    assert "Retry-After" not in headers_of("none").headers
    assert headers_of("v1_code_40").json()["error"]["code"] == 40


def test_an_expired_token_is_refused_as_the_vendor_does(sandbox, ask):
    sandbox.faults.add("token_expired")

    assert (ask().status_code, ask().json()["errors"][0]["code"]) == (400, "102")


@pytest.mark.parametrize("kind", ["stuck", "commit_then_timeout"])
def test_silence_lasts_until_the_client_gives_up(sandbox, ask, kind):
    sandbox.faults.add(kind)

    with pytest.raises(requests.ReadTimeout):
        ask(timeout=0.5)

    deadline = time.monotonic() + 20
    while last_request(sandbox)["end"] is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    record = last_request(sandbox)
    assert record["end"] - record["start"] < 20


def test_commit_then_timeout_has_done_the_work(sandbox):
    sandbox.faults.add("commit_then_timeout", vendor="webhook")

    with pytest.raises(requests.ReadTimeout):
        requests.post(sandbox.vendor_url("webhook"), json={"text": "hello"}, timeout=1)

    assert [delivery["body"]["text"] for delivery in sandbox.deliveries()] == ["hello"]


def test_a_rule_fails_only_the_calls_it_names(sandbox, ask):
    sandbox.faults.add("status", status=500, path="campaigns", query="advertiser[]=3")
    sandbox.faults.add("status", status=502, path=r"/v2/publishers/\d+$", method="GET")
    sandbox.faults.add("status", status=503, method="POST")

    statuses = [
        ask("/v2/campaigns?advertiser[]=2").status_code,
        ask("/v2/campaigns?advertiser%5B%5D=3").status_code,
        ask("/v2/publishers").status_code,
        ask("/v2/publishers/1").status_code,
    ]

    assert statuses == [200, 500, 200, 502]


def test_a_rule_skips_fires_and_rests(sandbox, ask):
    rule = sandbox.faults.add("status", status=500, after=2, times=2)

    statuses = [ask("/v2/campaigns/1").status_code for _ in range(6)]

    assert statuses == [200, 200, 500, 500, 200, 200]
    assert sandbox.faults.fired(rule) == 2
    assert sandbox.faults.list()[0]["matched"] == 6
    sandbox.faults.remove(rule)
    assert sandbox.faults.list() == []


def test_a_probability_fires_the_same_calls_every_time(sandbox, ask):
    def statuses():
        sandbox.reset(1, trackier={"offers": 10})
        sandbox.faults.add("status", status=500, probability=0.5, seed=3)
        return [ask("/v2/campaigns/1").status_code for _ in range(40)]

    first = statuses()

    assert 10 < first.count(500) < 30
    # Rule ids go on counting, and a rule's dice are thrown by its seed alone.
    assert statuses() == first


def test_a_wrong_rule_is_explained(sandbox):
    with pytest.raises(VendorSandboxError, match="unknown action 'explode'"):
        sandbox.faults.add("explode")
    with pytest.raises(VendorSandboxError, match="no vendor 'acme'"):
        sandbox.faults.add("close", vendor="acme")
    with pytest.raises(VendorSandboxError, match="unknown style"):
        sandbox.faults.add("too_many", style="shrug")
    assert sandbox.faults.list() == []


def test_the_rate_limit_is_one_of_any_sliding_window(sandbox, ask):
    sandbox.set_rate_limit("trackier", 5, seconds=1.5, wait=1.5)

    first = [ask("/v2/campaigns/1").status_code for _ in range(6)]
    time.sleep(1.51)
    second = [ask("/v2/campaigns/1").status_code for _ in range(6)]

    assert first == second == [200, 200, 200, 200, 200, 429]
    records = sandbox.requests("trackier")
    assert [record["refused"] for record in records] == [*[False] * 5, True] * 2
    sandbox.clear_rate_limit("trackier")
    assert {ask("/v2/campaigns/1").status_code for _ in range(8)} == {200}


def test_the_rate_limit_refuses_in_the_chosen_style(sandbox, ask):
    sandbox.set_rate_limit("trackier", 1, style="reset_epoch", wait=9)
    ask()

    reply = ask()

    assert reply.status_code == 429
    assert "X-RateLimit-Reset" in reply.headers


def test_the_log_has_every_request_in_order(sandbox, ask):
    before = time.time()
    size = len(ask("/v2/campaigns?advertiser[]=1&lastId=2").content)
    ask("/v2/nothing")

    first, second = sandbox.requests("trackier")
    assert second["seq"] == first["seq"] + 1
    assert (first["method"], first["path"]) == ("GET", "/v2/campaigns")
    assert first["query"] == "advertiser[]=1&lastId=2"
    assert (first["status"], first["bytes"], first["fault"]) == (200, size, None)
    assert before <= first["started_at"] <= first["ended_at"] <= time.time()
    assert second["status"] == 404
    assert sandbox.requests(since_seq=first["seq"]) == [second]
    assert sandbox.requests(path="nothing") == [second]
    sandbox.clear_requests()
    assert sandbox.requests() == []


def test_stats_count_calls_and_the_most_at_once(sandbox, ask):
    sandbox.faults.add("latency", seconds=0.4)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: ask("/v2/campaigns/1"), range(8)))

    stats = sandbox.stats("trackier")

    assert (stats["requests"], stats["max_concurrency"], stats["faults"]) == (8, 4, 8)
    assert stats["statuses"] == {"200": 8}


def test_stats_find_the_busiest_second_wherever_it_starts(sandbox, ask):
    sandbox.reset(1)
    for pause in (0, 0.45, 0, 0, 0.45):
        time.sleep(pause)
        ask("/v2/campaigns/1")

    starts = [record["start"] for record in sandbox.requests("trackier")]
    expected = max(sum(0 <= later - start < 1 for later in starts) for start in starts)
    assert sandbox.stats("trackier")["max_calls_per_second"] == expected


def test_the_webhook_takes_what_slack_takes(sandbox):
    url = sandbox.vendor_url("webhook")

    assert requests.post(url, json={"text": "one"}, timeout=5).text == "ok"
    assert requests.post(url, json={"blocks": []}, timeout=5).text == "ok"
    assert requests.post(url, json={"nothing": 1}, timeout=5).status_code == 400
    assert requests.post(url, data="no json", timeout=5).status_code == 400
    assert requests.get(url, timeout=5).status_code == 405

    assert [delivery["body"] for delivery in sandbox.deliveries()] == [
        {"text": "one"},
        {"blocks": []},
    ]
    sandbox.clear_deliveries()
    assert sandbox.deliveries() == []


@pytest.mark.parametrize(
    "header", [{"Authorization": "Bearer sesame"}, {"X-Webhook-Token": "sesame"}]
)
def test_the_webhook_asks_for_its_token(sandbox, header):
    sandbox.reset(1, webhook={"token": "sesame"})
    url = sandbox.vendor_url("webhook")

    assert requests.post(url, json={"text": "x"}, timeout=5).status_code == 403
    assert requests.post(url, json={"text": "x"}, headers=header, timeout=5).status_code == 200
    assert {"vendor": "webhook", "kind": "webhook_token", "value": "sesame"} in sandbox.sensitive()


def test_a_webhook_that_is_down_delivers_when_it_is_back(sandbox):
    sandbox.faults.add("status", vendor="webhook", status=500, times=1)
    url = sandbox.vendor_url("webhook")

    statuses = [requests.post(url, json={"text": "x"}, timeout=5).status_code for _ in range(2)]

    assert statuses == [500, 200]
    assert len(sandbox.deliveries()) == 1


PARENT = """
from sandbox.vendors.control import spawn
with spawn() as sandbox:
    print(sandbox.url, flush=True)
    input()
"""


def test_a_server_ends_with_a_parent_that_is_killed():
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with parent:
        assert parent.stdout
        url = parent.stdout.readline().strip()
        assert requests.get(f"{url}/__control__/health", timeout=5).ok
        parent.kill()

    deadline = time.monotonic() + 20
    while _listens(url):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _listens(url):
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.socket() as client:
        return client.connect_ex((host, int(port))) == 0


def test_a_server_is_gone_when_its_context_ends():
    with spawn() as started:
        assert started.health()["vendors"][:1] == ["trackier"]

    with pytest.raises(OSError, match="refused"):
        started.health()
