-- Waits until nobody else changes the brand's chunks; what follows sees what they have done.
-- Params: company_id, brand_id
SELECT s.version
FROM edge.chunk_scopes AS s
WHERE s.company_id = %(company_id)s AND s.brand_id = %(brand_id)s
FOR UPDATE;
