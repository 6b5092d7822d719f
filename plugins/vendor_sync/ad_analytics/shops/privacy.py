"""Redaction of lists of pairs, where it depends on the name beside a value whether it may be kept.

`[{"key": "_ttclid", "value": "E.C.P"}, {"key": "Gift note", "value": "for Noor"}]`: the first is
evidence, the second is personal.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from typing import Any, cast

from vendor_sync.redaction import REDACTED, Redactor


class PairRedactor(Redactor):
    """Redacts named keys, and in pair lists every value whose name is not allowed."""

    def __init__(self, keys: Collection[str], *, allowed: Callable[[str], bool]) -> None:
        super().__init__(keys)
        self._allowed = allowed
        # A body that no parser reads loses all pair values: none can be told from another there.
        self._blind = Redactor({*keys, "value"})

    def redact_body(self, body: bytes) -> bytes:
        """Return the body with personal values replaced; it is written anew where it has pairs."""
        if b'"value"' not in body and b"\\u" not in body:
            return super().redact_body(body)
        try:
            content = json.loads(body)
        except ValueError:
            return self._blind.redact_body(body)
        return json.dumps(self.redact_item(content), ensure_ascii=False).encode(
            "utf-8", "surrogatepass"
        )

    def redact_item(self, item: Any) -> Any:  # noqa: ANN401 - JSON
        """Return parsed JSON with the sensitive values replaced."""
        redacted: Any = super().redact_item(item)
        if isinstance(redacted, dict):
            fields = cast("dict[str, Any]", redacted)
            name = fields.get("key")
            if "value" in fields and isinstance(name, str) and not self._allowed(name):
                return {**fields, "value": REDACTED}
        return cast("Any", redacted)
