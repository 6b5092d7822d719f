-- Note why a connection's part is not done, and until when it is not to be asked.
-- Params: connection_id, error, not_before, failed
UPDATE analytics.sync_state AS s
SET
    last_error = %(error)s,
    not_before = %(not_before)s,
    consecutive_failures = s.consecutive_failures + %(failed)s::integer
WHERE s.connection_id = %(connection_id)s;
