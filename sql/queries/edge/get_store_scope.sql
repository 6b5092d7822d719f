-- What decides which records are a store's.
-- Params: store_id, company_id
SELECT
    s.store_id,
    s.company_id,
    s.timezone,
    c.currency,
    t.sync_strategy,
    t.future_days,
    t.past_days,
    t.include_inactive,
    t.auto_sync_enabled,
    t.sync_interval_hours,
    t.max_promotions_per_sync,
    t.enable_compression,
    array(
        SELECT b.brand_id
        FROM edge.store_brands AS b
        WHERE b.store_id = s.store_id
        ORDER BY b.brand_id
    ) AS brand_ids
FROM edge.stores AS s
INNER JOIN edge.companies AS c ON s.company_id = c.company_id
INNER JOIN edge.promotion_sync_settings AS t ON s.company_id = t.company_id
WHERE
    s.store_id = %(store_id)s
    AND s.company_id = %(company_id)s
    AND s.is_active
    AND c.is_active;
