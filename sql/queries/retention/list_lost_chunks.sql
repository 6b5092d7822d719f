-- Chunks of brands that are no more, once their products are no longer sold.
-- Params: chunk_id, at_most
SELECT
    doomed.ctid,
    doomed.chunk_id
FROM edge.chunk_scopes AS s
INNER JOIN edge.product_chunks AS doomed
    ON s.company_id = doomed.company_id AND s.brand_id = doomed.brand_id
WHERE
    doomed.chunk_id > %(chunk_id)s
    AND NOT EXISTS (
        SELECT 1 FROM edge.brands AS b
        WHERE b.brand_id = s.brand_id
    )
    AND NOT EXISTS (
        SELECT 1 FROM edge.product_records AS r
        WHERE
            r.company_id = s.company_id
            AND r.brand_id = s.brand_id
            AND r.is_active
            AND NOT r.is_removed
    )
ORDER BY doomed.chunk_id
LIMIT %(at_most)s
