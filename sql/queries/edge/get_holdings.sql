-- How much of each kind the store should hold, with a checksum that no order changes.
-- Params: kinds, company_id, brand_ids, include_inactive_records, store_id, include_inactive,
-- strategy, future_days, past_days, as_of, timezone
WITH held AS (
    SELECT
        'category' AS kind,
        r.category_id AS record_id,
        r.version
    FROM edge.category_records AS r
    WHERE
        'category' = any(%(kinds)s::text[])
        AND r.company_id = %(company_id)s
        AND (r.brand_id IS NULL OR r.brand_id = any(%(brand_ids)s::uuid[]))
        AND NOT r.is_removed
        AND (r.is_active OR %(include_inactive_records)s)
    UNION ALL
    SELECT
        'product' AS kind,
        r.product_id AS record_id,
        greatest(r.version, o.version) AS version
    FROM edge.product_records AS r
    LEFT JOIN edge.store_product_records AS o
        ON r.product_id = o.product_id AND o.store_id = %(store_id)s
    WHERE
        'product' = any(%(kinds)s::text[])
        AND r.company_id = %(company_id)s
        AND r.brand_id = any(%(brand_ids)s::uuid[])
        AND NOT r.is_removed
        AND %(include_inactive_records)s
    UNION ALL
    SELECT
        'promotion' AS kind,
        r.promotion_id AS record_id,
        r.version
    FROM edge.promotion_records AS r
    WHERE
        'promotion' = any(%(kinds)s::text[])
        AND r.company_id = %(company_id)s
        AND edge.is_sent(
            r, %(store_id)s, %(brand_ids)s, %(include_inactive)s,
            %(strategy)s, %(future_days)s, %(past_days)s,
            (%(as_of)s::timestamptz AT TIME ZONE %(timezone)s)::date
        )
)

SELECT
    h.kind,
    count(*) AS records,
    sum(edge.record_hash(h.record_id, h.version)) AS checksum
FROM held AS h
GROUP BY h.kind;
