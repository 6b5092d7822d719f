"""The company and store behind a token, as far as calls need them."""

from __future__ import annotations

from edge_grpc.database import Database
from edge_grpc.errors import NotFoundError
from edge_grpc.tokens import Principal
from edge_grpc.usage_records import Tenant


async def find_tenant(database: Database, principal: Principal, *, active: bool = True) -> Tenant:
    """Return the tenant, or say what does not exist (any more).

    A sale in a store that was closed since has still happened: usages pass `active=False`.
    """
    found = await database.rows(
        "edge_service/find_tenant.sql",
        company_id=principal.company_id,
        store_id=principal.store_id,
    )
    row = found[0] if found else None
    if row is None or (active and not row["company_is_active"]):
        reason = "COMPANY_NOT_FOUND"
        raise NotFoundError(reason, "There is no such company.")
    if row["timezone"] is None or (active and not row["store_is_active"]):
        reason = "STORE_NOT_FOUND"
        raise NotFoundError(reason, "There is no such store.")
    return Tenant(principal.company_id, principal.store_id, row["currency"], row["timezone"])
