"""The hooks behind our connection types: Airflow's form calls their `test_connection`.

Nothing else uses them: flows open their clients from connections by themselves.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from airflow.sdk import BaseHook

from vendor_sync.connection_checks import check_connection
from vendor_sync.connections import Connection
from vendor_sync.errors import SyncError
from vendor_sync.orchestration.connections import connection_from_airflow


class _CheckedHook(BaseHook):
    """Knows one connection, and can ask whether it works."""

    conn_name_attr: ClassVar[str] = "conn_id"
    default_conn_name: ClassVar[str] = ""
    conn_type: ClassVar[str] = ""
    hook_name: ClassVar[str] = ""

    def __init__(self, conn_id: str | None = None) -> None:
        super().__init__()
        self._conn_id = conn_id or self.default_conn_name

    def get_conn(self) -> Connection:
        """Return the connection as the flows read it."""
        found = connection_from_airflow(self._conn_id)
        return _whole(found) if found else Connection(conn_id=self._conn_id)

    def test_connection(self) -> tuple[bool, str]:
        """Return whether the vendor or service accepts the login, and a sentence about it."""
        try:
            return check_connection(self.conn_type, self.get_conn())
        except SyncError as error:
            return False, str(error)


def _whole(connection: Connection) -> Connection:
    """Put an address together again that Airflow took apart.

    It hands what is tested to the hook as one URI, from which an address's port and path come back
    as port and schema; our forms have neither beside an address.
    """
    if "://" not in connection.host:
        return connection
    host = connection.host.rstrip("/")
    if connection.port and f":{connection.port}" not in host:
        host += f":{connection.port}"
    if connection.schema:
        host += f"/{connection.schema}"
    return replace(connection, host=host, port=None, schema="")


class TrackierHook(_CheckedHook):
    """Trackier's API."""

    conn_type, default_conn_name, hook_name = "trackier", "trackier_default", "Trackier"


class BroadstreetHook(_CheckedHook):
    """Broadstreet's API."""

    conn_type, default_conn_name, hook_name = "broadstreet", "broadstreet_default", "Broadstreet"


class ExchangeRatesHook(_CheckedHook):
    """The European Central Bank's reference rates."""

    conn_type, default_conn_name, hook_name = "fx", "ecb_default", "Exchange rates (ECB)"


class MetaHook(_CheckedHook):
    """An ad account at Meta."""

    conn_type, default_conn_name, hook_name = "meta", "meta_default", "Meta ad account"


class TikTokHook(_CheckedHook):
    """An advertiser at TikTok."""

    conn_type, default_conn_name, hook_name = "tiktok", "tiktok_default", "TikTok ad account"


class SnapchatHook(_CheckedHook):
    """An ad account at Snapchat."""

    conn_type, default_conn_name, hook_name = "snapchat", "snapchat_default", "Snapchat ad account"


class ShopifyHook(_CheckedHook):
    """A store at Shopify."""

    conn_type, default_conn_name, hook_name = "shopify", "shopify_default", "Shopify store"


class WooCommerceHook(_CheckedHook):
    """A store with WooCommerce."""

    conn_type, default_conn_name = "woocommerce", "woocommerce_default"
    hook_name = "WooCommerce store"


class SallaHook(_CheckedHook):
    """A store at Salla."""

    conn_type, default_conn_name, hook_name = "salla", "salla_default", "Salla store"


class ZidHook(_CheckedHook):
    """A store at Zid."""

    conn_type, default_conn_name, hook_name = "zid", "zid_default", "Zid store"


class AlertsWebhookHook(_CheckedHook):
    """The webhook that alerts go to."""

    conn_type, default_conn_name = "alerts_webhook", "alerts_webhook"
    hook_name = "Alerts: webhook"


class AnalyticsRedisHook(_CheckedHook):
    """The Redis of rate limits and dashboards."""

    conn_type, default_conn_name = "analytics_redis", "analytics_redis"
    hook_name = "Redis of the flows"
