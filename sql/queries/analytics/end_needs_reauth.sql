-- Ask a connection again whose login works after all.
-- Params: connection_id
UPDATE analytics.connections AS c
SET status = 'active', updated_at = now()
WHERE c.connection_id = %(connection_id)s AND c.status = 'needs_reauth';
