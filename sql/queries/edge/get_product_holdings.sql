-- How many active products the store should hold, with their checksum: counted as they change.
-- Params: company_id, brand_ids, store_id
SELECT
    'product' AS kind,
    coalesce(sum(h.records), 0) AS records,
    coalesce(sum(h.checksum), 0) AS checksum
FROM edge.product_holdings AS h
WHERE
    h.company_id = %(company_id)s
    AND h.brand_id = any(%(brand_ids)s::uuid[])
    AND h.store_id IN ('00000000-0000-0000-0000-000000000000', %(store_id)s);
