-- The store's products that it has, or had, fields of its own for; a page by id.
-- Params: company_id, store_id, brand_ids, include_inactive, after_id, page
SELECT
    o.product_id AS record_id,
    greatest(r.version, o.version) AS version,
    r.body || o.body AS body
FROM edge.store_product_records AS o
INNER JOIN edge.product_records AS r
    ON o.product_id = r.product_id AND r.company_id = %(company_id)s
WHERE
    o.store_id = %(store_id)s
    AND r.brand_id = any(%(brand_ids)s::uuid[])
    AND NOT r.is_removed
    AND (r.is_active OR %(include_inactive)s)
    AND o.product_id > %(after_id)s
ORDER BY o.product_id
LIMIT %(page)s;
