-- Companies with what they send to their stores, and the version that is served.
-- Params: none
SELECT
    c.company_id::text AS company_id,
    c.name,
    c.code,
    c.is_active,
    v.version,
    v.changed_at,
    p.sync_strategy,
    p.future_days,
    p.past_days,
    p.include_inactive,
    p.auto_sync_enabled,
    p.sync_interval_hours,
    p.max_promotions_per_sync,
    p.enable_compression
FROM edge.companies AS c
LEFT JOIN edge.versions AS v ON c.company_id = v.company_id
LEFT JOIN edge.promotion_sync_settings AS p ON c.company_id = p.company_id
ORDER BY c.name, c.company_id
