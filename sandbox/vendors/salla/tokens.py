"""Salla's tokens: a refresh token works once, and its second use revokes everything."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.vendors.seeding import hexadecimal, key

LIFE = timedelta(days=14)


@dataclass
class Grant:
    """What one merchant has given: the tokens that work now, and how often they were renewed."""

    access: dict[str, datetime | None]
    refresh: str
    used: set[str] = field(default_factory=set)
    renewals: int = 0
    revoked: bool = False


class Tokens:
    """The grants of all merchants; the first token of a merchant has no end."""

    def __init__(self, seed: int, first: str) -> None:
        self._seed = seed
        self._first = first
        self._grants: dict[str, Grant] = {}
        self._installs = 0

    def grant(self, store: str, *, default: bool) -> Grant:
        """Return a merchant's grant; its first tokens carry the store's name, if it has one."""
        if store not in self._grants:
            end = "" if default else f".{store}"
            self._grants[store] = Grant(
                access={f"{self._first}{end}": None}, refresh=f"ory_rt_{self._first}{end}"
            )
        return self._grants[store]

    def holder(self, token: str, now: datetime) -> str | None:
        """Return whose token it is, if it works."""
        for store, grant in self._grants.items():
            if not grant.revoked and token in grant.access:
                end = grant.access[token]
                return store if end is None or now < end else None
        return None

    def renew(self, refresh: str, now: datetime) -> tuple[str, str] | None:
        """Return a new pair of tokens, or None; a token used before ends the whole grant."""
        for store, grant in self._grants.items():
            if refresh in grant.used:
                grant.revoked = True
            elif refresh == grant.refresh and not grant.revoked:
                grant.used.add(refresh)
                grant.renewals += 1
                root = key(self._seed, "salla", store)
                access = f"ory_at_{hexadecimal(root, grant.renewals, 24)}"
                grant.refresh = f"ory_rt_{hexadecimal(root, -grant.renewals, 24)}"
                grant.access = {access: now + LIFE}
                return access, grant.refresh
        return None

    def expire(self, now: datetime) -> None:
        for grant in self._grants.values():
            grant.access = dict.fromkeys(grant.access, now)

    def install(self, store: str, now: datetime) -> tuple[str, str]:
        """Return a merchant's new pair of tokens, whatever became of the ones before."""
        installs = self._installs = self._installs + 1
        root = key(self._seed, "salla", store, "install", installs)
        pair = (f"ory_at_{hexadecimal(root, 1, 24)}", f"ory_rt_{hexadecimal(root, 2, 24)}")
        before = self._grants[store]
        self._grants[store] = Grant(
            access={pair[0]: now + LIFE},
            refresh=pair[1],
            used=before.used | {before.refresh},
            # Counted on, so that no token of before is given out again.
            renewals=before.renewals,
        )
        return pair

    def values(self) -> Iterable[str]:
        for grant in self._grants.values():
            yield from (*grant.access, grant.refresh, *grant.used)
