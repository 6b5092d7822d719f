-- Note that a connection is being asked.
-- Params: connection_id, now
INSERT INTO analytics.sync_state AS s (connection_id, last_attempt_at)
VALUES (%(connection_id)s, %(now)s)
ON CONFLICT (connection_id) DO UPDATE SET last_attempt_at = excluded.last_attempt_at;
