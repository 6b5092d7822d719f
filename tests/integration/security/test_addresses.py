"""Whom our servers ask, and what they send on: real servers here, which is not the internet."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from vendor_sync.ad_analytics.ports import Wire
from vendor_sync.ad_analytics.public_addresses import is_public, require_public, transport_to
from vendor_sync.ad_analytics.records import Credentials, SourceConnection
from vendor_sync.ad_analytics.shops import shopify, woocommerce
from vendor_sync.alert_channels import DeliveryError, Message, send
from vendor_sync.connections import Connection
from vendor_sync.errors import ConfigurationError, PermanentError
from vendor_sync.rate_limit import Unlimited
from vendor_sync.rest_client import Usage

pytestmark = pytest.mark.integration
PRIVATE = (
    "127.0.0.1", "0.1.2.3", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "224.0.0.1", "240.0.0.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fd00::1",
    "fd00:ec2::254", "ff02::1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe", "2002:a00:1::", "2001:0:4136:e378:8000:63bf:f5fe:fffe",
)  # fmt: skip
PUBLIC = ("8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808")
PLACES = (
    "127.0.0.1", "localhost", "[::]", "[::1]", "169.254.169.254", "2130706433", "0x7f000001",
    "127.1", "0177.0.0.1", "[::ffff:127.0.0.1]",
)  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_address_that_is_not_of_the_internet_is_told(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_address_of_the_internet_is_told(address):
    assert is_public(address)


@pytest.mark.parametrize("place", PLACES)
def test_whatever_way_our_own_network_is_written_a_page_refuses_it(place):
    with pytest.raises(ConfigurationError):
        require_public(f"https://{place}/wp-json")


class Door:
    """A listener that notes what it is sent."""

    def __init__(self) -> None:
        self.received = b""
        self.visits = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            try:
                visitor, _ = self._listener.accept()
            except OSError:
                return
            with visitor:
                visitor.settimeout(5)
                self.visits += 1
                self.received += visitor.recv(1000)

    def knock(self, words: bytes) -> None:
        """Send something, and wait until it was read: whoever came before was heard by then."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as visitor:
            visitor.sendall(words)
            visitor.recv(1)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()


@pytest.fixture
def door():
    opened = Door()
    yield opened
    opened.close()


def store(vendor, external_id, **settings):
    return SourceConnection(
        connection_id=1, workspace_id=1, vendor=vendor, external_id=external_id, name="Demo",
        currency="SAR", timezone="UTC", settings=settings,
    )  # fmt: skip


LOGIN = Credentials(access_token="key-of-the-store", extra={"consumer_secret": "secret-of-it"})


@pytest.mark.parametrize("module", [woocommerce, shopify], ids=["woocommerce", "shopify"])
def test_a_stores_name_that_leads_into_our_network_by_now_is_sent_nothing(module, door):
    """The name was the internet's when it was entered: only the connection tells."""
    place = store(module.__name__.rpartition(".")[2], f"localhost:{door.port}")
    client = module.open_client(place, LOGIN, Wire(limiter=Unlimited(), usage=Usage()))

    with pytest.raises(PermanentError, match="private network"):
        client.get_account()

    door.knock(b"last")
    assert (door.visits, door.received) == (2, b"last")


def test_address_that_an_operator_has_set_is_asked(door):
    url = f"http://127.0.0.1:{door.port}"

    assert transport_to(url, "shop.example", None) is None
    with pytest.raises(PermanentError):
        ask(transport_to(url, f"127.0.0.1:{door.port}", None), url)


def ask(transport, url):
    transport.send(requests.Request("GET", url).prepare(), timeout=5)


MESSAGE = Message(
    severity="error", title="T", message="M", facts={}, link=None, runbook=None,
    opened_at=datetime(2026, 1, 1, tzinfo=UTC),
)  # fmt: skip


@contextmanager
def answering(status, **headers):
    """A server that gives everybody this answer; yields its address and what it was sent."""
    seen = []

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self):
            seen.append((self.path, self.headers.get("Authorization")))
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_webhook_that_sends_us_elsewhere_gets_no_message_there(status):
    with (
        answering(200) as (other, elsewhere),
        answering(status, Location=f"{other}/latest/meta-data") as (url, seen),
    ):
        webhook = Connection(conn_id="alerts_webhook", host=url, password="token-of-the-webhook")
        with pytest.raises(DeliveryError, match=str(status)) as caught:
            send({"alerts_webhook": webhook}.get, "webhook", MESSAGE)

    assert seen == [("/", "Bearer token-of-the-webhook")]
    assert elsewhere == []
    assert "token-of-the-webhook" not in str(caught.value)
