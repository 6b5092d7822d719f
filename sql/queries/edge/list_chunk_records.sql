-- A brand's active products in a range of ids, as every store of the brand is sent them.
-- Params: company_id, brand_id, first_id, until_id, page
SELECT
    r.product_id,
    r.version,
    r.body
FROM edge.product_records AS r
WHERE
    r.company_id = %(company_id)s
    AND r.brand_id = %(brand_id)s
    AND NOT r.is_removed
    AND r.is_active
    AND r.product_id >= %(first_id)s
    AND (%(until_id)s::uuid IS NULL OR r.product_id < %(until_id)s)
ORDER BY r.product_id
LIMIT %(page)s;
