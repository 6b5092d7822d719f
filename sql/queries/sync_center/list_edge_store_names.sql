-- The active stores of a company, to choose one of them.
-- Params: company_id
SELECT
    s.store_id::text AS store_id,
    s.code,
    s.name
FROM edge.stores AS s
WHERE s.company_id = %(company_id)s::uuid AND s.is_active
ORDER BY s.code
