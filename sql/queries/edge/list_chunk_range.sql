-- The chunks of a brand that begin in a range of ids, each with where it ends.
-- Params: company_id, brand_id, first_id, until_id
SELECT
    n.chunk_id,
    n.first_id,
    n.until_id,
    n.is_dirty,
    n.records
FROM (
    SELECT
        chunk_id,
        first_id,
        is_dirty,
        records,
        lead(first_id) OVER (ORDER BY first_id) AS until_id
    FROM edge.product_chunks
    WHERE company_id = %(company_id)s AND brand_id = %(brand_id)s
) AS n
WHERE
    n.first_id >= %(first_id)s
    AND (%(until_id)s::uuid IS NULL OR n.first_id < %(until_id)s)
ORDER BY n.first_id;
