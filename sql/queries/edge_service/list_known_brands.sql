-- Those of the brands that are the company's.
-- Params: company_id, brand_ids
SELECT b.brand_id
FROM edge.brands AS b
WHERE b.company_id = %(company_id)s AND b.brand_id = ANY(%(brand_ids)s::uuid[])
