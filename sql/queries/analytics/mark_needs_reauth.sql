-- Stop asking connections whose credentials only a person can renew; returns those newly so.
-- Params: connection_ids
UPDATE analytics.connections AS c
SET status = 'needs_reauth', updated_at = now()
WHERE c.connection_id = any(%(connection_ids)s::bigint[]) AND c.status = 'active'
RETURNING c.connection_id;
