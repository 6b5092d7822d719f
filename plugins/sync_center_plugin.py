"""Puts the flows' own endpoints onto Airflow's API server.

Every component of Airflow loads this file, so it imports nothing that only the API server needs:
the applications are built when the first request comes.
"""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, ClassVar

from airflow.sdk.plugins_manager import AirflowPlugin

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class LazyApplication:
    """One of `broadstreet_api`'s applications, which is told the application it is mounted in."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._application: Any = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        scope["airflow_application"] = scope.get("app")
        await self._built()(scope, receive, send)

    def _built(self) -> Any:  # noqa: ANN401 - an ASGI application
        with self._lock:
            if self._application is None:
                from vendor_sync.orchestration import broadstreet_api  # noqa: PLC0415 - see above

                self._application = getattr(broadstreet_api, self._name)()
            return self._application


class SyncCenterPlugin(AirflowPlugin):
    """Endpoints: start a sync and look at it, keep local Broadstreet entities."""

    name = "sync_center"
    fastapi_apps: ClassVar[list[Any]] = [
        {"app": LazyApplication("sync_api"), "url_prefix": "/api/sync", "name": "Sync"},
        {"app": LazyApplication("local_api"), "url_prefix": "/api/local", "name": "Local entities"},
    ]
