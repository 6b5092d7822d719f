-- The valid generation of every client that is not revoked.
SELECT
    c.client_id,
    c.generation
FROM edge.edge_clients AS c
WHERE c.revoked_at IS NULL
