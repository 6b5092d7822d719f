"""Which addresses a page may make the server ask: those of the internet, and what operators set.

Whoever fills in a store's address decides whom our API server calls. A name that leads into our own
network is refused, whatever it is called; operators who mean such an address set it where they set
up the server (a connection's host, or `--setting base_url` at the command line).
"""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

from vendor_sync.errors import ConfigurationError


def require_public(url: str) -> None:
    """Raise ConfigurationError unless all addresses of the URL's host are on the internet."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        found = socket.getaddrinfo(host, parts.port or 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        message = f"There is no server called {host}: look at the address again."
        raise ConfigurationError(message) from None
    if all(ipaddress.ip_address(str(place[4][0])).is_global for place in found):
        return
    message = (
        f"{host} is an address of a private network, which this page does not ask. If it is meant, "
        "an operator links it at the command line, with --setting base_url."
    )
    raise ConfigurationError(message)
