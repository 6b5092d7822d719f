-- All credentials with what their edges last reported.
SELECT
    c.client_id,
    c.name,
    s.code AS store,
    c.scopes,
    c.created_at,
    c.revoked_at,
    c.reported_at,
    c.reported_version,
    c.drifted_at,
    v.version AS company_version,
    (
        SELECT count(*) FROM edge.refused_records AS r
        WHERE r.store_id = c.store_id
    ) AS skipped_records
FROM edge.edge_clients AS c
INNER JOIN edge.stores AS s ON c.store_id = s.store_id
LEFT JOIN edge.versions AS v ON c.company_id = v.company_id
ORDER BY s.code, c.created_at
