-- List how a run's parts ended.
-- Params: run_key
SELECT
    p.connection_id,
    c.vendor,
    c.name,
    p.outcome,
    p.error,
    p.counts
FROM analytics.sync_parts AS p
INNER JOIN analytics.connections AS c ON p.connection_id = c.connection_id
WHERE p.run_key = %(run_key)s
ORDER BY c.vendor ASC, p.connection_id ASC;
