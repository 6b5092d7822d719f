-- Ad accounts and stores of a workspace, and how their syncs go.
-- Params: workspace_id
SELECT
    c.connection_id,
    c.vendor,
    c.name,
    c.external_id,
    c.status,
    c.currency,
    c.timezone,
    s.last_success_at,
    s.last_error,
    s.not_before,
    s.first_synced_at
FROM analytics.connections AS c
LEFT JOIN analytics.sync_state AS s ON c.connection_id = s.connection_id
WHERE c.workspace_id = %(workspace_id)s
ORDER BY c.vendor, c.name, c.connection_id
