"""Links the ad world's accounts and stores as an operator does: with the product's own commands.

Credentials travel on standard input. What a store is called and which tokens open it is how the
vendor sandbox answers (its `DEFAULT_KEYS`, replaced by the stack's own).
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import Any

from sandbox.home import REPOSITORY
from sandbox.vendors.ad_world.click_log import Line, click_log_lines
from sandbox.vendors.ad_world.places import Account, Store, Workspace
from sandbox.vendors.ad_world.world import World
from sandbox.vendors.control import DEFAULT_KEYS, SNAPCHAT_CLIENT_ID

# Starting a command is most of its work.
_AT_ONCE = 2


class OnboardingError(Exception):
    """A command refused; the message holds what it said."""


@dataclass(frozen=True)
class Linked:
    """The product's ids of what the world has."""

    workspaces: Mapping[Workspace, int]
    accounts: Mapping[Account, int]
    stores: Mapping[Store, int]

    def of_vendor(self, vendor: str) -> list[int]:
        """Return the connections of one vendor, in the world's order."""
        accounts = [key for place, key in self.accounts.items() if place.platform == vendor]
        return accounts + [key for place, key in self.stores.items() if place.kind == vendor]


class Operator:
    """Somebody at the command line of a stack, by its environment variables."""

    def __init__(self, environment: Mapping[str, str], *, settings: Mapping[str, str]) -> None:
        """Take the stack's variables, and settings that every connection gets."""
        self._environment = dict(environment)
        self._settings = dict(settings)
        self._url = environment["VENDOR_SANDBOX_URL"]
        self._keys = {**DEFAULT_KEYS, **json.loads(environment["VENDOR_SANDBOX_KEYS"])}

    def link(self, world: World) -> Linked:
        """Add the world's workspaces, accounts and stores, or change those that are there."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            workspaces = dict(pool.map(self._workspace, world.workspaces))
            accounts = pool.map(lambda place: self._account(place, workspaces), world.accounts)
            stores = pool.map(lambda place: self._store(place, workspaces), world.stores)
            return Linked(workspaces, dict(accounts), dict(stores))

    def command(self, *words: object, secret: Mapping[str, Any] | None = None) -> str:
        """Run `python -m vendor_sync ...` and return what it prints; raise OnboardingError."""
        done = subprocess.run(
            [sys.executable, "-m", "vendor_sync", *map(str, words)],
            cwd=REPOSITORY,
            env=self._environment,
            input=json.dumps(secret) if secret else "",
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            message = f"vendor_sync {words[0]} {words[1]}: {done.stderr or done.stdout}"
            raise OnboardingError(message)
        return done.stdout.strip()

    def _workspace(self, place: Workspace) -> tuple[Workspace, int]:
        where = ("--timezone", place.timezone, "--currency", place.currency)
        return place, int(self.command("workspace", "add", place.name, *where))

    def _account(self, place: Account, workspaces: Mapping[Workspace, int]) -> tuple[Account, int]:
        token = self._keys[place.platform]
        secret: dict[str, Any] = {"access_token": token}
        settings = {"base_url": f"{self._url}/{place.platform}"}
        if place.platform == "snapchat":
            settings["login_url"] = settings["base_url"]
            secret |= {
                "refresh_token": f"refresh-{token}",
                "extra": {"client_id": SNAPCHAT_CLIENT_ID, "client_secret": f"secret-{token}"},
            }
        words = (place.platform, place.account_id, place.name)
        return place, self._link("account", workspaces[place.workspace], words, settings, secret)

    def _store(self, place: Store, workspaces: Mapping[Workspace, int]) -> tuple[Store, int]:
        name = place.host
        base, settings = f"{self._url}/{place.kind}", dict[str, str]()
        key = self._keys[place.kind]
        secret: dict[str, Any] = {"access_token": key}
        match place.kind:
            case "salla":
                settings = {"base_url": f"{base}/admin/v2", "accounts_url": base}
                app = {"client_id": "app", "client_secret": self._keys["salla.secret"]}
                secret = {
                    "access_token": f"{key}.{name}",
                    "refresh_token": f"ory_rt_{key}.{name}",
                    "extra": app,
                }
            case "zid":
                settings = {"base_url": base, "accounts_url": base}
                secret["extra"] = {"manager_token": f"{self._keys['zid.manager']}.{name}"}
            case "woocommerce":
                settings = {"base_url": f"{base}/{name}"}
                secret["extra"] = {"consumer_secret": self._keys["woocommerce.secret"]}
            case _:
                settings = {"base_url": f"{base}/{name}"}
        words = (place.kind, name, place.name)
        return place, self._link("store", workspaces[place.workspace], words, settings, secret)

    def _link(
        self,
        what: str,
        workspace: int,
        words: tuple[str, str, str],
        settings: Mapping[str, str],
        secret: Mapping[str, Any],
    ) -> int:
        pairs = {**settings, **self._settings}.items()
        options = (f"--setting={name}={value}" for name, value in pairs)
        where = ("--workspace", workspace, *options)
        return int(self.command(what, "add", *where, "--", *words, secret=secret))


def click_files(world: World, linked: Linked, since: date) -> dict[str, list[Line]]:
    """Return what the linked stores' snippets saw since a day, as files of the click log."""
    days: dict[str, list[Line]] = {}
    for store in linked.stores:
        lines = click_log_lines(
            world,
            store,
            workspace_id=linked.workspaces[store.workspace],
            external_id=store.host,
            first=since,
            last=world.now.date(),
        )
        for line in lines:
            day = line["occurred_at"][:10].replace("-", "/")
            days.setdefault(f"{day}/storefronts.jsonl", []).append(line)
    return days
