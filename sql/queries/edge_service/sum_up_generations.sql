-- One number for all rows of list_generations.sql: it differs when any of them does.
SELECT
    count(*) AS clients,
    coalesce(sum(hashtextextended(c.client_id::text, c.generation)), 0) AS checksum
FROM edge.edge_clients AS c
WHERE c.revoked_at IS NULL
