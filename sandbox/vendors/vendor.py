"""What the server expects of a vendor; a new one overrides what it has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sandbox.vendors.wire import Call, ControlError, Reply, Secret


class Vendor:
    """A vendor answers calls from a world that control calls change, and calls that write.

    `answer`, `change` and `view` run on one worker thread, never at the same time; `cached` runs on
    the event loop and must only look up.
    """

    name = ""

    def reset(self, seed: int, settings: Mapping[str, Any]) -> None:
        """Start a new world; settings of the last one are forgotten."""

    def cached(self, call: Call) -> Reply | None:
        del call
        return None

    def answer(self, call: Call) -> Reply:
        raise NotImplementedError

    def is_writing(self, call: Call) -> bool:
        """Tell whether a call may change the world, and has to outlive a killed server."""
        return call.method not in {"GET", "HEAD", "OPTIONS"}

    def too_many(self, style: str) -> Reply:
        """Return this vendor's body of a refused call; the headers are set by the rate limit."""
        del style
        return Reply.of(429, {"message": "Too many requests"})

    def token_expired(self, call: Call) -> Reply:
        del call
        return Reply.of(401, {"message": "Token expired"})

    def keys(self) -> Iterable[Secret]:
        """Return the credentials of this vendor, which are secret before anything was served."""
        return ()

    def changes(self) -> Mapping[str, Callable[..., Any]]:
        """Return the operations that control calls may ask for, by name."""
        return {}

    def change(self, operation: str, arguments: Mapping[str, Any]) -> Any:  # noqa: ANN401
        try:
            apply = self.changes()[operation]
        except KeyError:
            known = ", ".join(sorted(self.changes())) or "none"
            message = f"{self.name} has no change {operation!r} (known: {known})"
            raise ControlError(message) from None
        return apply(**arguments)

    def view(self, name: str) -> Iterable[Any]:
        message = f"{self.name} has no view {name!r}"
        raise ControlError(message)

    def clear(self, name: str) -> None:
        message = f"{self.name} has nothing to clear as {name!r}"
        raise ControlError(message)
