"""What an operator has set up once per vendor: where its API is, and the app that people authorise.

It is Airflow's connection `<vendor>_default`. Its host is the API's address, `{store}` in it is the
store's id; `client_id` and `client_secret` in its extras are the app's (TikTok's app id and secret
too). Without it a vendor is asked at its own address.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from vendor_sync.ad_analytics.records import Credentials
from vendor_sync.connections import Connection, ConnectionSource

_STORE = "{store}"
# Whose accounts have an address each: a host without a place for the store is one store's own.
_HOST_PER_STORE = frozenset({"shopify", "woocommerce"})
_SETTINGS = ("login_url", "accounts_url", "api_version")
_APP = ("client_id", "client_secret", "redirect_uri")


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorApp:
    """A vendor's connection as links of its accounts need it; `repr` shows no secret."""

    vendor: str
    address: str = ""
    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    secrets: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)

    def settings_of(self, external_id: str) -> dict[str, str]:
        """Return the settings of an account's or a store's link that nobody has to enter."""
        found = dict(self.settings)
        if self.address and (_STORE in self.address or self.vendor not in _HOST_PER_STORE):
            found["base_url"] = self.address.replace(_STORE, external_id)
        return found

    def completed(self, credentials: Credentials) -> Credentials:
        """Return a login with the app's id and secret, where it can be renewed and has none."""
        if not credentials.refresh_token or credentials.extra.get("client_id"):
            return credentials
        return msgspec.structs.replace(credentials, extra={**credentials.extra, **self.secrets})


def vendor_app(source: ConnectionSource, vendor: str) -> VendorApp:
    """Return what is set up for a vendor."""
    connection = source(f"{vendor}_default")
    if connection is None:
        return VendorApp(vendor=vendor)
    return VendorApp(
        vendor=vendor,
        address=connection.host.rstrip("/"),
        settings=_extras(connection, _SETTINGS),
        secrets=_extras(connection, _APP),
    )


def _extras(connection: Connection, names: tuple[str, ...]) -> dict[str, str]:
    found = ((name, connection.extra.get(name)) for name in names)
    return {name: str(value) for name, value in found if value not in (None, "")}
