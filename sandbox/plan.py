"""Which parts a stack has: groups by name, in the order in which `--only` lists them."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox import airflow, edge, postgres, services
from sandbox.home import Home
from sandbox.part import Part
from sandbox.state import State

GROUPS = {
    "services": (
        postgres.parts,
        services.mongo,
        services.s3,
        services.redis,
        services.smtp,
        services.warehouse_schema,
        services.mongo_schema,
    ),
    "vendors": (services.vendors,),
    "airflow": (airflow.parts,),
    "edge": (edge.parts,),
}
_REPLACEABLE = {services.mongo: "mongo", services.redis: "redis", services.smtp: "smtp"}


def closure(groups: Iterable[str]) -> list[str]:
    """Add what the wanted groups need: Airflow and the edge server keep tables in PostgreSQL."""
    wanted = set(groups)
    if wanted & {"airflow", "edge"}:
        wanted.add("services")
    return [name for name in GROUPS if name in wanted]


def build(home: Home, state: State, groups: Iterable[str]) -> dict[str, Part]:
    """Return the parts of these groups by name; one that is replaced is left out."""
    sources = [source for name in closure(groups) for source in GROUPS[name]]
    wanted = [s for s in sources if not state.replaced(_REPLACEABLE.get(s, ""))]
    return {part.name: part for source in wanted for part in source(home, state)}
