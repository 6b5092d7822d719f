-- A company's stores and what their edges last reported; uses are those of the last rollup.
-- Params: company_id, since (a business day)
WITH used AS (
    SELECT
        p.store_id,
        sum(p.uses) AS uses,
        max(p.last_used_at) AS last_used_at
    FROM edge.promotion_effectiveness AS p
    WHERE p.company_id = %(company_id)s::uuid AND p.business_on >= %(since)s
    GROUP BY p.store_id
)

SELECT
    s.code,
    s.name,
    s.is_active,
    e.client_version,
    e.reported_at,
    e.reported_version,
    e.drifted_at,
    e.clients,
    u.uses,
    u.last_used_at,
    (
        SELECT count(*) FROM edge.refused_records AS r
        WHERE r.store_id = s.store_id
    ) AS skipped
FROM edge.stores AS s
LEFT JOIN LATERAL (
    SELECT
        c.client_version,
        c.reported_at,
        c.reported_version,
        c.drifted_at,
        count(*) OVER () AS clients
    FROM edge.edge_clients AS c
    WHERE c.store_id = s.store_id AND c.revoked_at IS NULL
    ORDER BY c.reported_at DESC NULLS LAST
    LIMIT 1
) AS e ON TRUE
LEFT JOIN used AS u ON s.store_id = u.store_id
WHERE s.company_id = %(company_id)s::uuid
ORDER BY s.is_active DESC, s.code ASC
