"""Login pages of vendors: whoever sits in front of one agrees, and is sent back with a code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from sandbox.vendors.seeding import hexadecimal, key
from sandbox.vendors.wire import Call, Reply

LIFE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Code:
    """What a code is good for: once, for an hour, and at the address that it was sent to."""

    redirect_uri: str
    scope: frozenset[str]
    given_at: datetime


class LoginPage:
    """A vendor's authorise address; `client_name` and `code_name` are what it calls these."""

    def __init__(
        self, client_id: str, *, client_name: str = "client_id", code_name: str = "code"
    ) -> None:
        self._client_id = client_id
        self._client_name = client_name
        self._code_name = code_name
        self._codes: dict[str, Code] = {}
        self._given = 0
        self.agrees = True

    def reset(self) -> None:
        self._codes.clear()
        self.agrees = True

    def open(self, call: Call, now: datetime) -> Reply:
        """Answer whoever opens the page: a redirect with a code, or with a refusal."""
        asked = dict(call.query)
        back = asked.get("redirect_uri", "")
        if asked.get(self._client_name) != self._client_id or not back:
            return Reply(400, b"<html>invalid_client</html>", {"Content-Type": "text/html"})
        answer = {"state": asked.get("state", "")}
        if not self.agrees:
            answer |= {"error": "access_denied", "error_description": "The user said no"}
            return Reply(302, b"", {"Location": f"{back}?{urlencode(answer)}"})
        self._given += 1
        code = hexadecimal(key(self._given, "code", self._client_id), 1, 24)
        scope = frozenset(asked.get("scope", "").split())
        self._codes[code] = Code(back, scope, now)
        answer[self._code_name] = code
        return Reply(302, b"", {"Location": f"{back}?{urlencode(answer)}"})

    def take(self, form: Mapping[str, str], now: datetime, *, bound: bool = True) -> Code | None:
        """Return what a code is good for, and use it up; None if it is no good."""
        code = self._codes.pop(form.get(self._code_name, ""), None)
        if code is None or now - code.given_at > LIFE:
            return None
        if bound and form.get("redirect_uri") != code.redirect_uri:
            return None
        return code
