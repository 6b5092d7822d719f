-- The chunks of a brand in order, without what is in them.
-- Params: company_id, brand_id
SELECT
    n.chunk_id,
    n.first_id,
    n.is_dirty,
    n.records
FROM edge.product_chunks AS n
WHERE n.company_id = %(company_id)s AND n.brand_id = %(brand_id)s
ORDER BY n.first_id;
