-- Note that connections are being asked.
-- Params: connection_ids, now
INSERT INTO analytics.sync_state AS s (connection_id, last_attempt_at)
SELECT
    t.connection_id,
    %(now)s
FROM unnest(%(connection_ids)s::bigint[]) AS t (connection_id)
ORDER BY t.connection_id ASC
ON CONFLICT (connection_id) DO UPDATE SET last_attempt_at = excluded.last_attempt_at;
