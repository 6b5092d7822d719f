-- Revoke a client for good; its tokens, refresh tokens and open streams end.
-- Params: client_id
WITH void AS (
    DELETE FROM edge.refresh_tokens AS t
    WHERE t.client_id = %(client_id)s
)

UPDATE edge.edge_clients AS c
SET generation = c.generation + 1, revoked_at = clock_timestamp()
WHERE c.client_id = %(client_id)s AND c.revoked_at IS NULL
RETURNING c.client_id
