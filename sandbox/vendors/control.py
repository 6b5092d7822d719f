"""Steers the vendor sandbox from tests and the demo; needs nothing but the standard library."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

Item = dict[str, Any]

DEFAULT_KEYS: Mapping[str, str] = {
    "broadstreet": "sandbox-broadstreet-token-51e0c94ab7",
    "trackier": "sandbox-trackier-admin-7c1f0b9e52",
    "trackier.publisher": "sandbox-trackier-publisher-3d8a64c0f1",
    "meta": "sandbox-meta-4b9f27d1c0a6",
    "tiktok": "sandbox-tiktok-8e02c5a7f913",
    "snapchat": "sandbox-snapchat-61d3b8f0e4a2",
    "shopify": "shpat_sandbox5b8d0c62e1",
    "shopify.secret": "shpss_sandbox91c7f204ab",
    "woocommerce": "ck_sandbox3e70b5d81f",
    "woocommerce.secret": "cs_sandboxc4a96208d7",
    "salla": "ory_at_sandbox7d15e0b93c",
    "salla.secret": "salla-sandbox-58b2e6f0a1",
    "zid": "zid-sandbox-bearer-9f3c21d7e8",
    "zid.manager": "zid-sandbox-manager-06a4b8c5f2",
    "zid.secret": "zid-sandbox-client-e17d0934ab",
}
SNAPCHAT_CLIENT_ID = "sandbox-snapchat-app"
TIKTOK_APP_ID = "sandbox-tiktok-app"
SHOP_APP_ID = "app"
REPOSITORY = Path(__file__).resolve().parents[2]
SANDBOX_PYTHON = REPOSITORY / ".sandbox" / "venv" / "bin" / "python"


class VendorSandboxError(Exception):
    """The vendor sandbox refused a control call, or did not start."""


class VendorSandbox:
    """A running vendor sandbox."""

    def __init__(self, url: str, *, timeout: float = 60.0) -> None:
        self.url = url.rstrip("/")
        self.faults = Faults(self)
        self._timeout = timeout

    def vendor_url(self, vendor: str) -> str:
        """Return the base URL that the product is given for a vendor."""
        return f"{self.url}/{vendor}"

    def health(self) -> Item:
        return self.call("GET", "health")

    def reset(self, seed: int = 1, **vendors: Mapping[str, Any]) -> None:
        """Start new worlds: `reset(7, trackier={"offers": 10_000, "brands": 100})`."""
        self.call("POST", "reset", {"seed": seed, **vendors})

    def requests(self, vendor: str = "", *, since_seq: int = 0, path: str = "") -> list[Item]:
        return self.call("GET", _query("requests", vendor, since_seq, path))["requests"]

    def clear_requests(self) -> None:
        self.call("DELETE", "requests")

    def stats(self, vendor: str = "", *, since_seq: int = 0, path: str = "") -> Item:
        return self.call("GET", _query("stats", vendor, since_seq, path))

    def set_rate_limit(self, vendor: str, calls: int, **how: object) -> Item:
        """Refuse more calls in any `seconds`; `style` and `wait` say how the refusal looks."""
        return self.call("POST", f"rate_limits/{vendor}", {"calls": calls, **how})

    def clear_rate_limit(self, vendor: str) -> None:
        self.call("DELETE", f"rate_limits/{vendor}")

    def sensitive(self, vendor: str = "") -> list[Item]:
        """Return every secret and personal value that was served, and the keys."""
        return self.call("GET", "sensitive" + (f"?vendor={vendor}" if vendor else ""))["values"]

    def truth(self, vendor: str = "trackier") -> Iterator[Item]:
        """Yield what a correct sync ends with, line by line."""
        return self._lines(f"{vendor}/truth")

    def change(self, vendor: str, operation: str, **arguments: object) -> Any:  # noqa: ANN401
        return self.call("POST", f"{vendor}/{operation}", arguments)

    def edit_campaign(self, which: object, **fields: object) -> Item:
        return self.change("trackier", "edit", entity="campaigns", which=which, fields=fields)

    def edit_advertiser(self, which: object, **fields: object) -> Item:
        return self.change("trackier", "edit", entity="advertisers", which=which, fields=fields)

    def add_campaign(self, brand: object = 1, **fields: object) -> Item:
        return self.change("trackier", "add", entity="campaigns", brand=brand, fields=fields)

    def remove_campaign(self, which: object) -> Item:
        return self.change("trackier", "remove", entity="campaigns", which=which)

    def duplicate_campaign(self, which: object, where: str = "later", **fields: object) -> Item:
        """List a campaign twice: `later` in the walk, or on the `same_page`."""
        arguments = {"entity": "campaigns", "which": which, "where": where, "fields": fields}
        return self.change("trackier", "duplicate", **arguments)

    def malform(self, kind: str, brand: object = 1, entity: str = "campaigns") -> Item:
        """Add a row that is broken in the named way."""
        return self.change("trackier", "malform", entity=entity, kind=kind, brand=brand)

    def advance(self, days: int = 1, **shares: float) -> Item:
        return self.change("trackier", "advance", days=days, **shares)

    def creates(self, vendor: str = "broadstreet") -> list[Item]:
        """Return every create that the vendor committed, in order."""
        return list(self._lines(f"{vendor}/creates"))

    def deliveries(self) -> list[Item]:
        """Return what the webhook sink was sent."""
        return list(self._lines("webhook"))

    def clear_deliveries(self) -> None:
        self.call("DELETE", "webhook")

    def call(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401
        with self._open(method, path, body) as response:
            return json.load(response)

    def _lines(self, path: str) -> Iterator[Item]:
        with self._open("GET", path) as response:
            yield from map(json.loads, response)

    def _open(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401
        content = None if body is None else json.dumps(body).encode()
        url = f"{self.url}/__control__/{path}"
        request = Request(url, content, {"Content-Type": "application/json"}, method=method)  # noqa: S310
        try:
            return urlopen(request, timeout=self._timeout)  # noqa: S310
        except HTTPError as error:
            with error:
                message = f"{method} {path}: {error.read().decode(errors='replace')}"
            raise VendorSandboxError(message) from None


class Faults:
    """The fault rules of a sandbox."""

    def __init__(self, sandbox: VendorSandbox) -> None:
        self._sandbox = sandbox

    def add(self, kind: str, vendor: str = "trackier", **rule: Any) -> int:  # noqa: ANN401
        """Add a rule and return its id.

        `method`, `path`, `query`, `after`, `times`, `probability` and `seed` say which calls fail;
        everything else describes the failure: `commit=True` lets the vendor do what it is asked
        before the answer is lost.
        """
        chosen = {name: rule.pop(name) for name in tuple(rule) if name in _MATCHING}
        body = {"vendor": vendor, **chosen, "action": {"kind": kind, **rule}}
        return self._sandbox.call("POST", "faults", body)["id"]

    def list(self) -> list[Item]:
        return self._sandbox.call("GET", "faults")["faults"]

    def fired(self, rule_id: int) -> int:
        return next(rule["fired"] for rule in self.list() if rule["id"] == rule_id)

    def remove(self, rule_id: int) -> None:
        self._sandbox.call("DELETE", f"faults/{rule_id}")

    def clear(self) -> None:
        self._sandbox.call("DELETE", "faults")


_MATCHING = frozenset({"method", "path", "query", "after", "times", "probability", "seed"})


@contextmanager
def spawn(
    *arguments: str, keys: Mapping[str, str] | None = None, python: Path = SANDBOX_PYTHON
) -> Iterator[VendorSandbox]:
    """Run a server of its own on a free port, and stop it at the end."""
    command = [str(python), "-m", "sandbox.vendors", "--port", "0", "--stop-with-parent"]
    environment = {**os.environ, **({"VENDOR_SANDBOX_KEYS": json.dumps(keys)} if keys else {})}
    process = subprocess.Popen(
        [*command, *arguments],
        cwd=REPOSITORY,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        yield VendorSandbox(f"http://127.0.0.1:{_port(process)}")
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()


def _port(process: subprocess.Popen[bytes]) -> int:
    line = process.stdout.readline() if process.stdout else b""
    if not line:
        message = f"the vendor sandbox ended with {process.wait()} before it listened"
        raise VendorSandboxError(message)
    return json.loads(line)["port"]


def _query(path: str, vendor: str, since_seq: int, wanted: str) -> str:
    return f"{path}?{urlencode({'vendor': vendor, 'since_seq': since_seq, 'path': wanted})}"
