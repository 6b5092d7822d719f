-- Read connections with their states and their encrypted credentials.
-- Params: connection_ids
SELECT
    c.connection_id,
    c.workspace_id,
    c.vendor,
    c.external_id,
    c.name,
    c.currency,
    c.timezone,
    c.settings,
    s.first_synced_at,
    s.last_success_at,
    s.last_wide_at,
    s.campaigns_seen_at,
    s.orders_until,
    s.report,
    c.credentials
FROM analytics.connections AS c
LEFT JOIN analytics.sync_state AS s ON c.connection_id = s.connection_id
WHERE c.connection_id = any(%(connection_ids)s::bigint[]);
