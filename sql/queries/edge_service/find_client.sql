-- A store's credentials, unless they are revoked or their store or company is gone.
-- Params: client_id
SELECT
    c.client_id,
    c.company_id,
    c.store_id,
    c.secret_hash,
    c.scopes,
    c.generation
FROM edge.edge_clients AS c
WHERE c.client_id = %(client_id)s AND c.revoked_at IS NULL
