-- Keeps the bytes of changed records; a record whose bytes are the same keeps its version.
-- Params: company_id, version, ids, active, brand_ids, bodies
INSERT INTO edge.category_records AS r (
    company_id, category_id, version, is_removed, is_active, brand_id, body
)
SELECT
    %(company_id)s::uuid AS company_id,
    n.category_id,
    %(version)s::bigint AS version,
    false AS is_removed,
    n.is_active,
    n.brand_id,
    n.body
FROM
    unnest(
        %(ids)s::uuid[], %(active)s::boolean[], %(brand_ids)s::uuid[], %(bodies)s::bytea[]
    ) AS n (category_id, is_active, brand_id, body)
ON CONFLICT (company_id, category_id) DO UPDATE
    SET
        version = excluded.version,
        is_removed = false,
        is_active = excluded.is_active,
        former_brand_ids = CASE
            WHEN r.brand_id IS NOT DISTINCT FROM excluded.brand_id THEN r.former_brand_ids
            ELSE array_append(array_remove(r.former_brand_ids, r.brand_id), r.brand_id)
        END,
        brand_id = excluded.brand_id,
        body = excluded.body
    WHERE r.is_removed OR r.body != excluded.body
RETURNING 1 AS changed;
