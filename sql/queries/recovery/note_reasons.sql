-- Say on the connections why they are not asked.
-- Params: connection_ids, error
UPDATE analytics.sync_state
SET last_error = %(error)s
WHERE connection_id = any(%(connection_ids)s::bigint[])
