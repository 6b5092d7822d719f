-- A company's settings for its edges.
-- Params: company_id
SELECT
    s.sync_strategy,
    s.future_days,
    s.past_days,
    s.include_inactive,
    s.auto_sync_enabled,
    s.sync_interval_hours,
    s.max_promotions_per_sync,
    s.enable_compression
FROM edge.promotion_sync_settings AS s
WHERE s.company_id = %(company_id)s
