-- Read a connection with its state.
-- Params: connection_id
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
    s.report
FROM analytics.connections AS c
LEFT JOIN analytics.sync_state AS s ON c.connection_id = s.connection_id
WHERE c.connection_id = %(connection_id)s;
