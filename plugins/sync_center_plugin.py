"""Puts Sync Center and the flows' own endpoints onto Airflow's API server.

Every component of Airflow loads this file, so it imports nothing that only the API server needs:
the applications are built when the first request comes.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, ClassVar

from airflow.sdk.plugins_manager import AirflowPlugin

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class LazyApplication:
    """An application of ours, built by a function, which is told where it is mounted."""

    def __init__(self, module: str, function: str) -> None:
        self._module = module
        self._function = function
        self._lock = threading.Lock()
        self._application: Any = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        scope["airflow_application"] = scope.get("app")
        await self.built()(scope, receive, send)

    def built(self) -> Any:  # noqa: ANN401 - an ASGI application
        """Return the application; the first who asks waits until it is built."""
        with self._lock:
            if self._application is None:
                module = importlib.import_module(f"vendor_sync.orchestration.{self._module}")
                self._application = getattr(module, self._function)()
            return self._application


_SYNC = LazyApplication("broadstreet_api", "sync_api")
_LOCAL = LazyApplication("broadstreet_api", "local_api")
_PAGES = LazyApplication("sync_center_app", "sync_center")


class SyncCenterPlugin(AirflowPlugin):
    """The page Sync Center; endpoints that start a sync and look at it, keep local entities."""

    name = "sync_center"
    fastapi_apps: ClassVar[list[Any]] = [
        {"app": _SYNC, "url_prefix": "/api/sync", "name": "Sync"},
        {"app": _LOCAL, "url_prefix": "/api/local", "name": "Local entities"},
        {"app": _PAGES, "url_prefix": "/sync-center", "name": "Sync Center"},
    ]
    # A frame that we make ourselves: one made by Airflow may not lead to runs and logs.
    react_apps: ClassVar[list[Any]] = [
        {
            "name": "Sync Center",
            "bundle_url": "sync-center/static/airflow_frame.js",
            "destination": "nav",
            "url_route": "sync-center",
            "nav_top_level": True,
            "icon": "sync-center/static/icon.svg",
        }
    ]
