from __future__ import annotations

import socket
import socketserver
import threading
import time

import pytest

from tests.e2e.chaos.proxy import HOST, Lines


class _Echo(socketserver.BaseRequestHandler):
    def handle(self):
        while received := self.request.recv(1 << 16):
            self.request.sendall(received)


@pytest.fixture
def line():
    """Lines with one that leads to a server which says what it is told."""
    with socketserver.ThreadingTCPServer((HOST, 0), _Echo) as server, Lines() as lines:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        lines.open("echo", server.server_address[1])
        yield lines
        server.shutdown()


def connected(lines):
    return socket.create_connection((HOST, lines.port("echo")), timeout=5)


def test_bytes_go_through_in_order_to_the_end(line):
    sent = bytes(range(256)) * 4096

    with connected(line) as client:
        writer = threading.Thread(target=lambda: (client.sendall(sent), client.shutdown(1)))
        writer.start()
        received = b"".join(iter(lambda: client.recv(1 << 16), b""))
        writer.join()

    assert received == sent


def test_slow_line_delays_each_way(line):
    line.slow("echo", 0.1)
    with connected(line) as client:
        began = time.monotonic()
        client.sendall(b"x")
        assert client.recv(1) == b"x"
        assert time.monotonic() - began >= 0.2

    line.calm("echo")
    with connected(line) as client:
        client.sendall(b"y")
        assert client.recv(1) == b"y"


def test_refusing_line_cuts_what_is_open_and_lets_nobody_in_until_it_is_calm(line):
    with connected(line) as client:
        client.sendall(b"x")
        assert client.recv(1) == b"x"
        line.refuse("echo")
        with pytest.raises(ConnectionResetError):
            client.recv(1)
    with pytest.raises(ConnectionRefusedError):
        connected(line)

    line.calm("echo")
    with connected(line) as client:
        client.sendall(b"z")
        assert client.recv(1) == b"z"
