"""Which addresses that somebody has entered the server asks: those of the internet.

Whoever fills in a store's address decides whom our servers call. A name that leads into our own
network is refused, whatever it is called: when it is entered, and each time that a connection is
made, because a name may lead elsewhere by then. Operators who mean such an address set it where
they set up the server (a connection's host, or `--setting base_url` at the command line).
"""

from __future__ import annotations

import socket
from functools import cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any, cast
from urllib.parse import urlsplit

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from vendor_sync.errors import ConfigurationError, PermanentError

# Networks that carry an IPv4 address in the last four bytes (RFC 6052).
_TRANSLATED = IPv6Network("64:ff9b::/96")
_CONNECTIONS = 8


def is_public(address: str) -> bool:
    """Tell whether an IP address is one of the internet, also where one is written as another."""
    found = _unwrapped(ip_address(address.partition("%")[0]))
    return found.is_global and not (found.is_multicast or found.is_reserved)


def _unwrapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(address, IPv4Address):
        return address
    if address in _TRANSLATED:
        return IPv4Address(address.packed[-4:])
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else address)


def require_public(url: str) -> None:
    """Raise ConfigurationError unless all addresses of the URL's host are on the internet."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        found = socket.getaddrinfo(host, parts.port or 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        message = f"There is no server called {host}: look at the address again."
        raise ConfigurationError(message) from None
    if all(is_public(str(place[4][0])) for place in found):
        return
    message = (
        f"{host} is an address of a private network, which this page does not ask. If it is meant, "
        "an operator links it at the command line, with --setting base_url."
    )
    raise ConfigurationError(message)


def transport_to(url: str, entered: str, shared: HTTPAdapter | None) -> HTTPAdapter | None:
    """Return what requests to a store go over.

    `entered` is the host that somebody typed: one that is asked by that name has to be on the
    internet. Another one was set by an operator, and is reached by what is `shared`.
    """
    same = urlsplit(url).netloc == urlsplit(f"https://{entered}").netloc
    return _public_only() if same else shared


@cache
def _public_only() -> HTTPAdapter:
    return _PublicOnly(pool_connections=_CONNECTIONS, pool_maxsize=_CONNECTIONS, max_retries=0)


class _PublicOnly(HTTPAdapter):
    """Connects to no address of a private network, whatever a name leads to at that moment."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - as there
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Plain, "https": _Encrypted}


def _checked(sock: socket.socket, host: str) -> socket.socket:
    """Return a connection, before anything was sent, if its other end is on the internet."""
    peer = cast("tuple[str, int]", sock.getpeername())[0]
    if is_public(peer):
        return sock
    sock.close()
    message = (
        f"{host} leads to an address of a private network, which is not asked. If it is meant, an "
        "operator sets base_url (`store add --setting base_url=...`)."
    )
    raise PermanentError(message)


class _PlainConnection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _checked(super()._new_conn(), self.host)


class _EncryptedConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _checked(super()._new_conn(), self.host)


class _Plain(HTTPConnectionPool):
    ConnectionCls = _PlainConnection  # pyright: ignore[reportAssignmentType] - a subclass of it


class _Encrypted(HTTPSConnectionPool):
    ConnectionCls = _EncryptedConnection  # pyright: ignore[reportAssignmentType]
