-- Adds chunks to a brand whose lock is held.
-- Params: company_id, brand_id, first_ids, dirty, records, bodies, packed
INSERT INTO edge.product_chunks (
    company_id, brand_id, first_id, is_dirty, records, body, packed
)
SELECT
    %(company_id)s::uuid AS company_id,
    %(brand_id)s::uuid AS brand_id,
    c.first_id,
    c.is_dirty,
    c.records,
    c.body,
    c.packed
FROM
    unnest(
        %(first_ids)s::uuid[], %(dirty)s::boolean[], %(records)s::bigint[], %(bodies)s::bytea[],
        %(packed)s::bytea[]
    ) AS c (first_id, is_dirty, records, body, packed)
RETURNING chunk_id;
