-- The company and the store that a token opens; store columns are NULL when it is gone.
-- Params: company_id, store_id
SELECT
    c.currency,
    c.is_active AS company_is_active,
    s.timezone,
    s.is_active AS store_is_active
FROM edge.companies AS c
LEFT JOIN edge.stores AS s ON c.company_id = s.company_id AND s.store_id = %(store_id)s
WHERE c.company_id = %(company_id)s
