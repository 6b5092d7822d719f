-- Ask a disabled connection again from the next run on.
-- Params: connection_id
UPDATE analytics.connections AS c
SET status = 'active', updated_at = now()
WHERE c.connection_id = %(connection_id)s AND c.status = 'disabled';
