-- Archived pages that an open alert still leads to.
SELECT DISTINCT split_part(j.audit_key, '#', 1) AS object_key
FROM ops.alerts AS a
INNER JOIN ops.sync_runs AS r ON a.flow = r.flow AND a.run_id = r.run_id
INNER JOIN ops.sync_rejects AS j ON r.run_key = j.run_key
WHERE a.resolved_at IS NULL AND j.audit_key IS NOT NULL
