"""Every route that our plugins add to Airflow's API server, and who may use it.

`STATUS` is what those get who may: mostly of a request that says too little, so that nothing is
done, but is refused for that only after it was asked who it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

TYPES = ("networks", "advertisers", "zones", "advertisements", "campaigns", "placements")
ROLES = (None, "viewer", "user", "operator", "admin")
UNKNOWN = "0123456789abcdef01234567"


class Needs(Enum):
    """Who may: from the least of `ROLES` on."""

    NOTHING = None
    READ = "viewer"
    START = "user"
    LINK = "operator"

    def allows(self, role: str | None) -> bool:
        return ROLES.index(role) >= ROLES.index(self.value)


@dataclass(frozen=True)
class Route:
    """A route, the path that is asked (`{run}` and others are filled in), and what is sent."""

    needs: Needs
    status: int
    path: str = ""
    body: str = ""

    def expected(self, role: str | None) -> int:
        if self.needs.allows(role):
            return self.status
        return 401 if role is None else 403


def _documentation(prefix: str) -> dict[str, Route]:
    pages = ("openapi.json", "docs", "docs/oauth2-redirect")
    return {f"{prefix}/{page}": Route(Needs.NOTHING, 200) for page in pages}


_SYNC = {
    **{f"GET {path}": route for path, route in _documentation("/api/sync").items()},
    # The DAGs are paused, which those learn who may start them.
    **{f"POST /api/sync/{name}": Route(Needs.START, 409) for name in (*TYPES, "all", "local-all")},
    "GET /api/sync/runs/{run_id}": Route(Needs.READ, 404, "/api/sync/runs/none"),
}
_LOCAL = {f"GET {path}": route for path, route in _documentation("/api/local").items()}
for _type in TYPES:
    _one, _unknown = f"/api/local/{_type}/{{local_id}}", f"/api/local/{_type}/{UNKNOWN}"
    _LOCAL |= {
        f"GET /api/local/{_type}": Route(Needs.READ, 200),
        f"GET {_one}": Route(Needs.READ, 404, _unknown),
        f"POST /api/local/{_type}": Route(Needs.START, 422, body="{}"),
        f"PATCH {_one}": Route(Needs.START, 422, _unknown, "{}"),
        f"DELETE {_one}": Route(Needs.START, 404, _unknown),
    }

_FLOW = "/sync-center/flows/{dag_id}"
_DAG = "/sync-center/flows/trackier_offer_sync"
_FORM = "/sync-center/broadstreet/local/{entity_type}"
_ZONES = "/sync-center/broadstreet/local/zones"
_PLACE = "/sync-center/connections/workspaces/{workspace_id}"
_HERE = "/sync-center/connections/workspaces/{workspace}"
_LINK = "/sync-center/connections/{link_id}"
_PAGES = {
    "GET /": Route(Needs.READ, 303),
    "GET /flows": Route(Needs.READ, 200),
    "GET /flows/cards": Route(Needs.READ, 200),
    "GET /analytics": Route(Needs.READ, 200),
    "GET /broadstreet": Route(Needs.READ, 200),
    "GET /broadstreet/cards": Route(Needs.READ, 200),
    "GET /broadstreet/local-only": Route(Needs.READ, 200),
    "POST /broadstreet/local-only": Route(Needs.START, 200),
    "GET /broadstreet/log": Route(Needs.READ, 200),
    "GET /broadstreet/{entity_type}": Route(Needs.READ, 200, "/sync-center/broadstreet/zones"),
    "POST /broadstreet/export": Route(Needs.START, 409),
    "GET /edge": Route(Needs.READ, 200),
    "GET /edge/settings": Route(Needs.READ, 200, "/sync-center/edge/settings?company={company}"),
    "POST /edge/settings": Route(
        Needs.START, 200, "/sync-center/edge/settings?company={company}", "do=save&future_days=no"
    ),
    "GET /operations": Route(Needs.READ, 200),
    "GET /operations/types": Route(Needs.READ, 200),
    "GET /operations/alerts": Route(Needs.READ, 200),
    "POST /operations/alerts/{alert_key}/{step}": Route(
        Needs.START, 303, "/sync-center/operations/alerts/{alert}/acknowledge"
    ),
    "GET /operations/rejects": Route(Needs.READ, 200),
    "GET /operations/rejects/{reject_key}": Route(
        Needs.READ, 200, "/sync-center/operations/rejects/{reject}"
    ),
    "GET /runbooks/{kind}": Route(Needs.READ, 200, "/sync-center/runbooks/sla_missed"),
    "GET /connections": Route(Needs.READ, 200),
    "GET /connections/workspaces/new": Route(Needs.LINK, 200),
    "POST /connections/workspaces/new": Route(Needs.LINK, 422),
}
_BELOW = {
    f"GET {_FLOW}/start": Route(Needs.START, 200, f"{_DAG}/start"),
    f"POST {_FLOW}/start": Route(Needs.START, 409, f"{_DAG}/start"),
    f"GET {_FLOW}/runs": Route(Needs.READ, 200, f"{_DAG}/runs"),
    f"GET {_FLOW}/runs/{{run_id}}": Route(Needs.READ, 200, f"{_DAG}/runs/{{run}}"),
    f"GET {_FLOW}/runs/{{run_id}}/live": Route(Needs.READ, 200, f"{_DAG}/runs/{{run}}/live"),
    f"GET {_FORM}/new": Route(Needs.START, 200, f"{_ZONES}/new"),
    f"POST {_FORM}/new": Route(Needs.START, 200, f"{_ZONES}/new"),
    f"GET {_FORM}/{{local_id}}": Route(Needs.START, 404, f"{_ZONES}/{UNKNOWN}"),
    f"POST {_FORM}/{{local_id}}": Route(Needs.START, 404, f"{_ZONES}/{UNKNOWN}"),
    f"POST {_FORM}/{{local_id}}/delete": Route(Needs.START, 404, f"{_ZONES}/{UNKNOWN}/delete"),
    f"GET {_PLACE}": Route(Needs.LINK, 200, _HERE),
    f"POST {_PLACE}": Route(Needs.LINK, 422, _HERE),
    f"GET {_PLACE}/link": Route(Needs.LINK, 200, f"{_HERE}/link"),
    f"GET {_PLACE}/link/{{vendor}}": Route(Needs.LINK, 200, f"{_HERE}/link/meta"),
    f"POST {_PLACE}/link/{{vendor}}": Route(Needs.LINK, 422, f"{_HERE}/link/meta"),
    f"GET {_LINK}": Route(Needs.READ, 404, "/sync-center/connections/0"),
    f"POST {_LINK}/login": Route(Needs.LINK, 404, "/sync-center/connections/0/login"),
    f"POST {_LINK}/{{step}}": Route(Needs.LINK, 404, "/sync-center/connections/0/disable"),
}
ROUTES = {
    **_SYNC,
    **_LOCAL,
    **{key.replace(" ", " /sync-center", 1): route for key, route in _PAGES.items()},
    **_BELOW,
}
