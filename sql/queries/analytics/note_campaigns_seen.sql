-- Note when a connection's campaigns were listed to the end.
-- Params: connection_id, seen_at
UPDATE analytics.sync_state AS s
SET campaigns_seen_at = %(seen_at)s
WHERE s.connection_id = %(connection_id)s;
