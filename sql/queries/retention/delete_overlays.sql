-- Delete the empty overlays of products whose tombstones are about to go. They stayed that long,
-- because a product's version as served is the higher of both.
-- Params: rows (where the tombstones are)
DELETE FROM edge.store_product_records AS o
USING edge.product_records AS r
WHERE
    r.ctid = any(%(rows)s::tid[])
    AND o.product_id = r.product_id
    AND o.company_id = r.company_id
    AND o.body = ''
