-- A brand's first chunk holds everything and is yet to be built.
-- Params: brand_id, company_id
WITH added AS (
    INSERT INTO edge.chunk_scopes (company_id, brand_id, version)
    SELECT
        v.company_id,
        %(brand_id)s::uuid AS brand_id,
        coalesce(max(p.version), 0) AS version
    FROM edge.versions AS v
    LEFT JOIN edge.publications AS p ON v.company_id = p.company_id
    WHERE v.company_id = %(company_id)s
    GROUP BY v.company_id
    ON CONFLICT DO NOTHING
    RETURNING company_id, brand_id
)

INSERT INTO edge.product_chunks (company_id, brand_id, first_id, is_dirty, records, body, packed)
SELECT
    company_id,
    brand_id,
    '00000000-0000-0000-0000-000000000000'::uuid AS first_id,
    true AS is_dirty,
    0 AS records,
    '' AS body,
    '' AS packed
FROM added;
