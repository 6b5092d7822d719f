-- List ad accounts or stores with how far each is.
-- Params: vendors, workspace_id, connection_id (NULL: all)
SELECT
    c.connection_id,
    c.workspace_id,
    w.name AS workspace,
    c.vendor,
    c.external_id,
    c.name,
    c.status,
    c.currency,
    c.timezone,
    s.last_success_at,
    s.last_error,
    s.not_before,
    c.timezone IS NOT NULL AND c.currency IS NOT NULL AS verified
FROM analytics.connections AS c
INNER JOIN analytics.workspaces AS w ON c.workspace_id = w.workspace_id
LEFT JOIN analytics.sync_state AS s ON c.connection_id = s.connection_id
WHERE
    c.vendor = any(%(vendors)s)
    AND (%(workspace_id)s::bigint IS NULL OR c.workspace_id = %(workspace_id)s::bigint)
    AND (%(connection_id)s::bigint IS NULL OR c.connection_id = %(connection_id)s::bigint)
ORDER BY c.connection_id ASC;
