"""What a person would enter to link each account and store of the seeded world."""

from __future__ import annotations

from typing import Any

import msgspec

from sandbox.vendors.control import DEFAULT_KEYS
from tests.integration.ad_analytics.company import Company, first_credentials
from vendor_sync.ad_analytics.onboarding import Link, Onboarding
from vendor_sync.ad_analytics.records import Credentials

VENDORS = ("meta", "tiktok", "snapchat", "shopify", "woocommerce", "salla", "zid")
SHOPS = VENDORS[3:]


class Office:
    """A company that nobody has linked yet, and the functions that link it."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.vendors = company.vendors
        for table in ("connections", "workspaces"):
            company.conn.execute(f"DELETE FROM analytics.{table}")  # pyright: ignore[reportArgumentType]
        self.workspace = self.add_workspace("Acme")
        self.onboarding = Onboarding(company.conn, company.tokens)

    def add_workspace(self, name: str) -> int:
        return self.company.value(
            "INSERT INTO analytics.workspaces (name, timezone, reporting_currency)"
            " VALUES (%s, 'Asia/Riyadh', 'SAR') RETURNING workspace_id",
            name,
        )

    def places(self, vendor: str) -> list[Any]:
        """Return the world's accounts or stores of a vendor."""
        world = self.company.world
        if vendor in SHOPS:
            return [each for each in world.stores if each.kind == vendor]
        return [each for each in world.accounts if each.platform == vendor]

    def link(self, vendor: str, number: int = 0, **changes: Any) -> Link:
        """Return what links one of a vendor's accounts or stores; `changes` are to the link."""
        place = self.places(vendor)[number]
        external_id = place.host if vendor in SHOPS else place.account_id
        values: dict[str, Any] = {
            "workspace_id": self.workspace,
            "vendor": vendor,
            "external_id": external_id,
            "settings": self.settings(vendor, external_id),
            "credentials": first_credentials(vendor, external_id),
        }
        return Link(**(values | changes))

    def settings(self, vendor: str, external_id: str) -> dict[str, str]:
        url = self.vendors.vendor_url(vendor)
        paths = {"shopify": f"/{external_id}", "woocommerce": f"/{external_id}"}
        path = paths.get(vendor, "/admin/v2" if vendor == "salla" else "")
        quick = {"requests_per_second": "0", "backoff_seconds": "0.01", "read_seconds": "2"}
        return {"base_url": url + path, "accounts_url": url, "login_url": url, **quick}

    def credentials(self, vendor: str, number: int = 0, **changes: Any) -> Credentials:
        known = self.link(vendor, number).credentials
        return msgspec.structs.replace(known, **changes)

    def rows(self) -> list[tuple[Any, ...]]:
        return self.company.rows(
            "SELECT vendor, external_id, status, currency, timezone FROM analytics.connections"
            " ORDER BY connection_id"
        )

    def status(self, connection_id: int) -> str:
        query = "SELECT status FROM analytics.connections WHERE connection_id = %s"
        return self.company.value(query, connection_id)


def secrets() -> list[str]:
    """Return every value that no message may show."""
    return [value for value in DEFAULT_KEYS.values() if len(value) > 3]
