-- Keeps a compiled promotion and what decides whose it is.
-- Params: company_id, promotion_id, version, is_active, start_on, end_on, execution_priority,
-- priority, all_brands, brand_ids, excluded_brand_ids, all_stores, store_ids, excluded_store_ids,
-- body
INSERT INTO edge.promotion_records AS r (
    company_id, promotion_id, version, is_removed, is_failed, is_active, start_on, end_on,
    execution_priority, priority, all_brands, brand_ids, excluded_brand_ids, all_stores, store_ids,
    excluded_store_ids, body
)
VALUES (
    %(company_id)s, %(promotion_id)s, %(version)s, false, false, %(is_active)s, %(start_on)s,
    %(end_on)s, %(execution_priority)s, %(priority)s, %(all_brands)s, %(brand_ids)s,
    %(excluded_brand_ids)s, %(all_stores)s, %(store_ids)s, %(excluded_store_ids)s, %(body)s
)
ON CONFLICT (company_id, promotion_id) DO UPDATE
    SET
        version = excluded.version,
        is_removed = false,
        is_failed = false,
        is_active = excluded.is_active,
        start_on = excluded.start_on,
        end_on = excluded.end_on,
        execution_priority = excluded.execution_priority,
        priority = excluded.priority,
        all_brands = excluded.all_brands,
        brand_ids = excluded.brand_ids,
        excluded_brand_ids = excluded.excluded_brand_ids,
        all_stores = excluded.all_stores,
        store_ids = excluded.store_ids,
        excluded_store_ids = excluded.excluded_store_ids,
        body = excluded.body
    WHERE
    r.is_removed
    OR (
        r.body, r.all_brands, r.brand_ids, r.excluded_brand_ids, r.all_stores, r.store_ids,
        r.excluded_store_ids
    ) != (
        excluded.body, excluded.all_brands, excluded.brand_ids, excluded.excluded_brand_ids,
        excluded.all_stores, excluded.store_ids, excluded.excluded_store_ids
    )
RETURNING 1 AS changed;
