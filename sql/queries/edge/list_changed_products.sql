-- The store's products that, or whose overlay, changed since a version; a page by id.
-- Params: company_id, since_version, store_id, brand_ids, include_inactive, after_id, page
WITH changed AS (
    SELECT p.product_id
    FROM edge.product_records AS p
    WHERE p.company_id = %(company_id)s AND p.version > %(since_version)s
    UNION
    SELECT o.product_id
    FROM edge.store_product_records AS o
    WHERE o.store_id = %(store_id)s AND o.version > %(since_version)s
)

SELECT
    r.product_id AS record_id,
    greatest(r.version, o.version) AS version,
    r.body || coalesce(o.body, '') AS body
FROM changed AS c
INNER JOIN edge.product_records AS r
    ON c.product_id = r.product_id AND r.company_id = %(company_id)s
LEFT JOIN edge.store_product_records AS o
    ON r.product_id = o.product_id AND o.store_id = %(store_id)s
WHERE
    r.brand_id = any(%(brand_ids)s::uuid[])
    AND NOT r.is_removed
    AND (r.is_active OR %(include_inactive)s)
    AND r.product_id > %(after_id)s
ORDER BY r.product_id
LIMIT %(page)s;
