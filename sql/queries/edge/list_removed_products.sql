-- Products that were of the store's brands, changed since a version, and are not the store's now.
-- Params: brand_ids, company_id, since_version, include_inactive, after_id, page
SELECT
    r.product_id AS record_id,
    r.version,
    CASE
        WHEN r.is_removed THEN 'DELETED'
        WHEN r.brand_id != all(%(brand_ids)s::uuid[]) THEN 'OUT_OF_SCOPE'
        ELSE 'INACTIVE'
    END AS reason
FROM edge.product_records AS r
WHERE
    r.company_id = %(company_id)s
    AND r.version > %(since_version)s
    AND (r.brand_id = any(%(brand_ids)s::uuid[]) OR r.former_brand_ids && %(brand_ids)s::uuid[])
    AND NOT (
        NOT r.is_removed
        AND r.brand_id = any(%(brand_ids)s::uuid[])
        AND (r.is_active OR %(include_inactive)s)
    )
    AND r.product_id > %(after_id)s
ORDER BY r.product_id
LIMIT %(page)s;
