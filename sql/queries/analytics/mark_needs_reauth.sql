-- Stop asking a connection whose credentials only a person can renew; a row means: newly so.
-- Params: connection_id
UPDATE analytics.connections AS c
SET status = 'needs_reauth', updated_at = now()
WHERE c.connection_id = %(connection_id)s AND c.status = 'active'
RETURNING c.name;
