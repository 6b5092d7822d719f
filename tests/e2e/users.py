"""The people of the stack, as they ask its API server: with a token, or with a browser's cookie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests


def token_of(variables: Mapping[str, str], name: str) -> str:
    """Log somebody in (`admin`, `operator`, `user`, `viewer`) and return their token."""
    prefix = "AIRFLOW" if name == "admin" else f"AIRFLOW_{name.upper()}"
    login = {part: variables[f"{prefix}_{part.upper()}"] for part in ("username", "password")}
    answer = requests.post(f"{variables['AIRFLOW_URL']}/auth/token", json=login, timeout=30)
    return answer.json()["access_token"]


@dataclass
class User:
    """Somebody at the API server; without a token, nobody."""

    url: str
    token: str | None

    @classmethod
    def log_in(cls, variables: Mapping[str, str], name: str | None) -> User:
        token = token_of(variables, name) if name else None
        return cls(variables["AIRFLOW_URL"], token)

    def ask(self, method: str, path: str, body: object = None, **params: Any) -> requests.Response:
        """Ask as a program does, which sends its token."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        url = self.url + path
        return requests.request(method, url, json=body, params=params, headers=headers, timeout=30)

    def browse(
        self, method: str, path: str, origin: str | None = None, body: str | bytes = ""
    ) -> requests.Response:
        """Ask as a browser does on a page of `origin`, by default of this Airflow."""
        return requests.request(
            method,
            self.url + path,
            data=body,
            cookies={"_token": self.token} if self.token else {},
            headers={"Origin": self.url if origin is None else origin},
            allow_redirects=False,
            timeout=30,
        )

    def add(self, entity: str, **fields: object) -> dict[str, Any]:
        answer = self.ask("POST", f"/api/local/{entity}", fields)
        assert answer.status_code == 201, answer.text
        return answer.json()
