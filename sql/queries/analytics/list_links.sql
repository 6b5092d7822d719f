-- List where an account or store is linked.
-- Params: vendor, external_id
SELECT
    c.connection_id,
    c.workspace_id,
    w.name AS workspace,
    c.status
FROM analytics.connections AS c
INNER JOIN analytics.workspaces AS w ON c.workspace_id = w.workspace_id
WHERE c.vendor = %(vendor)s AND lower(c.external_id) = lower(%(external_id)s)
ORDER BY c.connection_id ASC;
