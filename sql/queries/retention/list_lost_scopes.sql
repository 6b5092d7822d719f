-- Brands that are no more, once they have no chunk left.
-- Params: company_id, brand_id, at_most
SELECT
    doomed.ctid,
    doomed.company_id,
    doomed.brand_id
FROM edge.chunk_scopes AS doomed
WHERE
    (doomed.company_id, doomed.brand_id) > (%(company_id)s::uuid, %(brand_id)s::uuid)
    AND NOT EXISTS (
        SELECT 1 FROM edge.brands AS b
        WHERE b.brand_id = doomed.brand_id
    )
    AND NOT EXISTS (
        SELECT 1 FROM edge.product_chunks AS c
        WHERE c.company_id = doomed.company_id AND c.brand_id = doomed.brand_id
    )
    AND NOT EXISTS (
        SELECT 1 FROM edge.product_records AS r
        WHERE r.company_id = doomed.company_id AND r.brand_id = doomed.brand_id
    )
ORDER BY doomed.company_id, doomed.brand_id
LIMIT %(at_most)s
