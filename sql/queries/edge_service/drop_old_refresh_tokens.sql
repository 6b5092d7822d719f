-- Drop a client's refresh tokens that have ended.
-- Params: client_id
DELETE FROM edge.refresh_tokens AS t
WHERE t.client_id = %(client_id)s AND t.expires_at < clock_timestamp()
