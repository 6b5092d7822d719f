-- Make credentials for a store; nothing is returned when there is no such store.
-- Params: store_id, name, secret_hash, scopes
INSERT INTO edge.edge_clients (company_id, store_id, name, secret_hash, scopes)
SELECT
    s.company_id,
    s.store_id,
    %(name)s::text,
    %(secret_hash)s::text,
    %(scopes)s::text[]
FROM edge.stores AS s
WHERE s.store_id = %(store_id)s
RETURNING client_id, company_id, store_id
