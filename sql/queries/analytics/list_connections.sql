-- List ad accounts or stores with how far each is.
-- Params: vendors
SELECT
    c.connection_id,
    w.name AS workspace,
    c.vendor,
    c.external_id,
    c.name,
    c.status,
    c.currency,
    c.timezone,
    s.last_success_at,
    s.last_error
FROM analytics.connections AS c
INNER JOIN analytics.workspaces AS w ON c.workspace_id = w.workspace_id
LEFT JOIN analytics.sync_state AS s ON c.connection_id = s.connection_id
WHERE c.vendor = any(%(vendors)s)
ORDER BY c.connection_id ASC;
