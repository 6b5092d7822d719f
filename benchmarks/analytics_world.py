"""A million clicks and a hundred thousand orders, made inside the database from fixed rules."""

from __future__ import annotations

from typing import LiteralString

from vendor_sync.postgres import Warehouse

WORKSPACES = 50
CAMPAIGNS = 60
_EMPTY: LiteralString = """
TRUNCATE analytics.workspaces, analytics.connections, analytics.campaigns,
analytics.campaign_metrics,
analytics.campaign_names, analytics.orders, analytics.order_touches, analytics.click_events,
analytics.order_visitors, analytics.stale_orders, analytics.stale_days,
analytics.attribution_events, analytics.workspace_daily RESTART IDENTITY CASCADE
"""
_WORKSPACES: LiteralString = """
INSERT INTO analytics.workspaces (name, timezone, reporting_currency)
SELECT 'workspace ' || n, 'Asia/Riyadh', 'SAR' FROM generate_series(1, %(workspaces)s) AS n
"""
_CONNECTIONS: LiteralString = """
INSERT INTO analytics.connections
(workspace_id, vendor, external_id, name, currency, timezone)
SELECT w.workspace_id, v.vendor, v.vendor || w.workspace_id, v.vendor, 'SAR', 'Asia/Riyadh'
FROM analytics.workspaces AS w,
unnest('{meta,tiktok,snapchat,salla}'::text[]) AS v (vendor)
"""
_CAMPAIGNS: LiteralString = """
WITH made AS (
    INSERT INTO analytics.campaigns
    (workspace_id, connection_id, platform, external_id, name, status, raw_status)
    SELECT c.workspace_id, c.connection_id, c.vendor,
    c.vendor || '-' || c.connection_id || '-' || n, 'campaign ' || n, 'active', 'ACTIVE'
    FROM analytics.connections AS c, generate_series(1, %(campaigns)s) AS n
    WHERE c.vendor <> 'salla'
    RETURNING campaign_id, workspace_id, platform, name
)
INSERT INTO analytics.campaign_names
(campaign_id, valid_from, workspace_id, platform, name, name_key)
SELECT campaign_id, '-infinity', workspace_id, platform, name, name FROM made
"""
# 9 in 10 clicks are paid: a third each by click id, by name, by the id that our redirect knew.
_CLICKS: LiteralString = """
INSERT INTO analytics.click_events (
    workspace_id, click_id, visitor_id, occurred_at, landing_url, utm_source, utm_medium,
    utm_campaign, source_platform, click_platform, click_value, campaign_ref, medium_key,
    campaign_key, campaign_ids, referrer_kind, rule_version
)
SELECT
    1 + n %% %(workspaces)s,
    'click-' || n,
    'visitor-' || n %% %(visitors)s,
    timestamptz '2026-03-01Z' + make_interval(secs => (n * 7919) %% 2592000),
    'https://shop.example/p?n=' || n,
    CASE WHEN p.paid THEN p.platform END,
    CASE WHEN p.paid THEN 'cpc' END,
    CASE WHEN p.paid THEN 'campaign ' || 1 + n %% %(campaigns)s END,
    CASE WHEN p.paid THEN p.platform END,
    CASE WHEN p.paid AND n %% 3 = 0 THEN p.platform END,
    CASE WHEN p.paid AND n %% 3 = 0 THEN md5(n::text) END,
    NULL,
    CASE WHEN p.paid THEN 'cpc' END,
    CASE WHEN p.paid THEN 'campaign ' || 1 + n %% %(campaigns)s END,
    NULL,
    'direct',
    1
FROM generate_series(0::bigint, %(clicks)s - 1) AS n,
LATERAL (
    SELECT n %% 10 < 9 AS paid, (ARRAY['meta', 'tiktok', 'snapchat'])[1 + n %% 3] AS platform
) AS p
"""
_ORDERS: LiteralString = """
INSERT INTO analytics.orders (
    workspace_id, connection_id, external_id, ordered_at, changed_at, currency, gross, refunded,
    net, state, raw_status, is_test, checksum, pulled_at
)
SELECT
    c.workspace_id, c.connection_id, n::text,
    timestamptz '2026-03-08Z' + make_interval(secs => (n * 104729) %% 2000000), now(), 'SAR',
    10 + n %% 500, n %% 5, 10 + n %% 500 - n %% 5, 'placed', 'paid', false, n::text, now()
FROM generate_series(0::bigint, %(orders)s - 1) AS n
INNER JOIN analytics.connections AS c
ON c.vendor = 'salla' AND c.workspace_id = 1 + n %% %(workspaces)s
"""
_VISITORS: LiteralString = """
INSERT INTO analytics.order_visitors
(connection_id, external_id, visitor_id, workspace_id, occurred_at)
SELECT connection_id, external_id, 'visitor-' || external_id::bigint %% %(visitors)s, workspace_id,
ordered_at
FROM analytics.orders
"""


def empty(conn: Warehouse) -> None:
    """Empty the analytics schema."""
    conn.execute(_EMPTY)


def fill(conn: Warehouse, *, clicks: int, orders: int) -> None:
    """Empty the warehouse and fill it; ten clicks a browser, one order each."""
    sizes = {
        "workspaces": WORKSPACES,
        "campaigns": CAMPAIGNS,
        "clicks": clicks,
        "orders": orders,
        # A multiple of the workspaces, so that a browser stays in one.
        "visitors": max(WORKSPACES, orders // WORKSPACES * WORKSPACES),
    }
    empty(conn)
    for statement in (_WORKSPACES, _CONNECTIONS, _CAMPAIGNS, _CLICKS, _ORDERS, _VISITORS):
        conn.execute(statement, sizes)
    conn.execute("VACUUM ANALYZE")
    conn.execute("CHECKPOINT")
