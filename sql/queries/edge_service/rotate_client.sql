-- Give a client another secret; its tokens, refresh tokens and open streams end.
-- Params: client_id, secret_hash
WITH void AS (
    DELETE FROM edge.refresh_tokens AS t
    WHERE t.client_id = %(client_id)s
)

UPDATE edge.edge_clients AS c
SET
    secret_hash = %(secret_hash)s,
    generation = c.generation + 1,
    rotated_at = clock_timestamp()
WHERE c.client_id = %(client_id)s AND c.revoked_at IS NULL
RETURNING c.client_id
