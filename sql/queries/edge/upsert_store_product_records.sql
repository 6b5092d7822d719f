-- Keeps the bytes of changed overlays; an overlay that is gone has none.
-- Params: company_id, version, store_ids, ids, bodies
INSERT INTO edge.store_product_records AS r (company_id, store_id, product_id, version, body)
SELECT
    %(company_id)s::uuid AS company_id,
    n.store_id,
    n.product_id,
    %(version)s::bigint AS version,
    n.body
FROM
    unnest(
        %(store_ids)s::uuid[], %(ids)s::uuid[], %(bodies)s::bytea[]
    ) AS n (store_id, product_id, body)
ON CONFLICT (store_id, product_id) DO UPDATE
    SET
        company_id = excluded.company_id,
        version = excluded.version,
        body = excluded.body
    WHERE r.body != excluded.body OR r.company_id != excluded.company_id
RETURNING 1 AS changed;
