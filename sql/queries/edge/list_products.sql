-- The store's products with its own price; a page by id.
-- Params: store_id, company_id, brand_ids, include_inactive, after_id, page
SELECT
    r.product_id AS record_id,
    greatest(r.version, o.version) AS version,
    r.body || coalesce(o.body, '') AS body
FROM edge.product_records AS r
LEFT JOIN edge.store_product_records AS o
    ON r.product_id = o.product_id AND o.store_id = %(store_id)s
WHERE
    r.company_id = %(company_id)s
    AND r.brand_id = any(%(brand_ids)s::uuid[])
    AND NOT r.is_removed
    AND (r.is_active OR %(include_inactive)s)
    AND r.product_id > %(after_id)s
ORDER BY r.product_id
LIMIT %(page)s;
