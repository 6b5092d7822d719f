-- The store's categories, or those that changed since a version; a page by id.
-- Params: company_id, brand_ids, include_inactive, since_version, after_id, page
SELECT
    r.category_id AS record_id,
    r.version,
    r.body
FROM edge.category_records AS r
WHERE
    r.company_id = %(company_id)s
    AND (r.brand_id IS NULL OR r.brand_id = any(%(brand_ids)s::uuid[]))
    AND NOT r.is_removed
    AND (r.is_active OR %(include_inactive)s)
    AND r.version > coalesce(%(since_version)s::bigint, -1)
    AND r.category_id > %(after_id)s
ORDER BY r.category_id
LIMIT %(page)s;
