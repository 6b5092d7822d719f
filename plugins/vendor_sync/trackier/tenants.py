"""Tenants: our publishers, which the sync matches with Trackier's."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from decimal import Decimal, InvalidOperation

from psycopg import errors as pg
from psycopg.rows import class_row

from vendor_sync.errors import ConfigurationError
from vendor_sync.postgres import Warehouse, load_query

_EMAIL = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;.]{2,}")
_DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{1,62}")
_LONGEST = 200
_ALL = Decimal(100)
_CENTS = Decimal("0.01")
_UNIQUE = {
    "tenants_external_ref_key": "external reference",
    "tenants_trackier_pid_key": "Trackier id",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """A publisher of ours; `default_share_pct` is what it gets of a payout, in percent.

    `trackier_pid` is the sync's to set. `external_ref` ties it to a publisher of Trackier (its
    hashId, its display id, or the reference stored there); without one its e-mail does.
    """

    name: str
    email: str | None = None
    external_ref: str | None = None
    default_share_pct: Decimal = Decimal(40)
    custom_domain: str | None = None
    tenant_id: int | None = None
    trackier_pid: str | None = None

    def check(self) -> None:
        """Raise ConfigurationError naming the field that is wrong."""
        if not self.name.strip() or len(self.name) > _LONGEST:
            message = f"A tenant has a name of 1 to {_LONGEST} characters."
            raise ConfigurationError(message)
        if self.email is not None and not _EMAIL.fullmatch(self.email):
            message = f"{self.email!r} is no e-mail address."
            raise ConfigurationError(message)
        if self.external_ref is not None and not self.external_ref.strip():
            message = "An external reference has at least one character; leave it out for none."
            raise ConfigurationError(message)
        share = self.default_share_pct
        if not 0 <= share <= _ALL or share != share.quantize(_CENTS):
            message = f"A share is 0 to 100 percent with two decimals at most, not {share}."
            raise ConfigurationError(message)
        if self.custom_domain is not None and not _DOMAIN.fullmatch(self.custom_domain):
            message = f"{self.custom_domain!r} is no domain: enter one like deals.example.com."
            raise ConfigurationError(message)


def share_from_text(text: str) -> Decimal:
    """Return a percentage as a person writes it; raise ConfigurationError if it is none."""
    try:
        share = Decimal(text.strip().removesuffix("%"))
    except InvalidOperation:
        share = Decimal("NaN")
    if share.is_finite():
        return share
    message = f"A share is a number of percent such as 40 or 37.5, not {text!r}."
    raise ConfigurationError(message)


def add_tenant(conn: Warehouse, tenant: Tenant) -> int:
    """Add a tenant and return its id; raise ConfigurationError naming what it shares with another.

    An e-mail or a domain of two tenants would match one publisher with both.
    """
    return _write(conn, "affiliate/insert_tenant.sql", tenant)


def change_tenant(conn: Warehouse, tenant: Tenant) -> int:
    """Replace what we decide of a tenant; raises as `add_tenant`, and if there is none."""
    get_tenant(conn, tenant.tenant_id or 0)
    return _write(conn, "affiliate/update_tenant.sql", tenant)


def get_tenant(conn: Warehouse, tenant_id: int) -> Tenant:
    """Return a tenant; raise ConfigurationError if there is none."""
    for tenant in list_tenants(conn):
        if tenant.tenant_id == tenant_id:
            return tenant
    message = f"There is no tenant {tenant_id}: `tenant list` shows those there are."
    raise ConfigurationError(message)


def list_tenants(conn: Warehouse) -> list[Tenant]:
    """Return all tenants."""
    rows = conn.cursor(row_factory=class_row(Tenant)).execute(
        load_query("affiliate/list_tenants.sql")
    )
    return rows.fetchall()


def _write(conn: Warehouse, query: str, tenant: Tenant) -> int:
    tenant.check()
    try:
        with conn.transaction():
            conn.execute(load_query("affiliate/lock_tenants.sql"))
            _refuse_twin(conn, tenant)
            row = conn.execute(load_query(query), asdict(tenant)).fetchone()
    except pg.UniqueViolation as error:
        what = _UNIQUE.get(error.diag.constraint_name or "", "field")
        message = f"Another tenant has this {what} already."
        raise ConfigurationError(message) from None
    assert row is not None  # noqa: S101 - RETURNING, under a lock
    return row[0]


def _refuse_twin(conn: Warehouse, tenant: Tenant) -> None:
    for other in list_tenants(conn):
        if other.tenant_id == tenant.tenant_id:
            continue
        pairs = {
            "e-mail address": (tenant.email, other.email),
            "external reference": (tenant.external_ref, other.external_ref),
            "domain": (tenant.custom_domain, other.custom_domain),
        }
        for what, (ours, theirs) in pairs.items():
            if ours and theirs and ours.lower() == theirs.lower():
                message = f"Tenant {other.tenant_id} ({other.name}) has this {what} already."
                raise ConfigurationError(message)
