-- The active stores of a company.
-- Params: company_id
SELECT
    s.store_id,
    s.code
FROM edge.stores AS s
WHERE s.company_id = %(company_id)s AND s.is_active
ORDER BY s.code
