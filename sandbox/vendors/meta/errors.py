"""How this vendor refuses: the number in the body says what it is, the status says little."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class GraphError:
    """An error answer; `subcode` 0 is left out."""

    status: int
    code: int
    message: str
    subcode: int = 0
    type: str = "OAuthException"
    transient: bool = False

    def body(self) -> dict[str, Any]:
        error: dict[str, Any] = {"message": self.message, "type": self.type, "code": self.code}
        if self.subcode:
            error["error_subcode"] = self.subcode
        if self.transient:
            error["is_transient"] = True
        return {"error": {**error, "fbtrace_id": "AsandboxTrace0"}}


class RefusedError(Exception):
    """Ends a call with an error answer."""

    def __init__(self, error: GraphError) -> None:
        super().__init__(error.message)
        self.error = error


NO_TOKEN = GraphError(400, 2500, "An access token must be used to query this resource.")
BAD_TOKEN = GraphError(400, 190, "Invalid OAuth access token - cannot be parsed.")
EXPIRED = GraphError(400, 190, "The access token's session has ended.", 463)
MISSING = GraphError(
    400, 100, "Object does not exist or cannot be loaded.", 33, type="GraphMethodException"
)
NO_PERMISSION = GraphError(
    403, 200, "(#200) Ad account owner has NOT granted ads_management or ads_read permission"
)
UNKNOWN_PATH = GraphError(400, 2500, "Unknown path components.")
TOO_MUCH = GraphError(500, 1, "Reduce the amount of data that is asked for, then try again.")
TOO_MUCH_CODED = GraphError(400, 100, "Too much data was asked for.", 1487534)
THROTTLED = GraphError(400, 80000, "(#80000) Too many calls to this ad account.", 2446079)
TOO_OLD = GraphError(400, 3018, "(#3018) The start date is more than 37 months back.")
NOT_READY = GraphError(400, 100, "The report run is not complete.", 1815000)


def bad_parameter(name: str, why: str) -> GraphError:
    return GraphError(400, 100, f"(#100) Param {name} {why}")
