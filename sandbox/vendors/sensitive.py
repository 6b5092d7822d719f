"""Which secret and personal values have left the server, so that a test can search for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sandbox.vendors.wire import Reply, Secret


class ServedSecrets:
    """Remembers values per vendor; the secrets of a cached reply are taken in once."""

    def __init__(self) -> None:
        self._values: dict[str, dict[Secret, None]] = {}
        self._seen: dict[int, tuple[Secret, ...]] = {}

    def remember(self, vendor: str, reply: Reply) -> None:
        if not reply.secrets or id(reply.secrets) in self._seen:
            return
        # Held, so that its id cannot be given to another tuple.
        self._seen[id(reply.secrets)] = reply.secrets
        self._values.setdefault(vendor, {}).update(dict.fromkeys(reply.secrets))

    def clear(self) -> None:
        self._values.clear()
        self._seen.clear()

    def listed(self, vendor: str, keys: Iterable[Secret]) -> Iterator[dict[str, Any]]:
        for secret in {**dict.fromkeys(keys), **self._values.get(vendor, {})}:
            yield {"vendor": vendor, "kind": secret.kind, "value": secret.value}
