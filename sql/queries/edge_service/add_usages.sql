-- Store the usages that are not stored yet, in the order of their ids so that uploads of one store
-- never wait for each other in a circle. What is not returned was there, or reverses what another
-- record has reversed.
-- Params: store_id, company_id, usage_ids, promotion_ids, promotion_versions, bill_ids, brand_ids,
-- customer_ids, amounts, currency, used_ats, business_ons, reverses_ids, record_hashes
INSERT INTO edge.promotion_usages (
    store_id, usage_id, company_id, promotion_id, promotion_version, bill_id, brand_id,
    customer_id, discount_amount, currency, used_at, business_on, reverses_usage_id, content_hash
)
SELECT
    %(store_id)s::uuid,
    r.usage_id,
    %(company_id)s::uuid,
    r.promotion_id,
    r.promotion_version,
    r.bill_id,
    r.brand_id,
    r.customer_id,
    r.amount,
    %(currency)s::text,
    r.used_at,
    r.business_on,
    r.reverses_id,
    r.hash
FROM
    unnest(
        %(usage_ids)s::uuid[],
        %(promotion_ids)s::uuid[],
        %(promotion_versions)s::bigint[],
        %(bill_ids)s::text[],
        %(brand_ids)s::uuid[],
        %(customer_ids)s::text[],
        %(amounts)s::numeric[],
        %(used_ats)s::timestamptz[],
        %(business_ons)s::date[],
        %(reverses_ids)s::uuid[],
        %(record_hashes)s::bytea[]
    ) AS r (
        usage_id, promotion_id, promotion_version, bill_id, brand_id, customer_id, amount,
        used_at, business_on, reverses_id, hash
    )
ORDER BY r.usage_id
ON CONFLICT DO NOTHING
RETURNING usage_id
