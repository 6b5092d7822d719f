-- Change a company's settings for its edges; where NULL is given, what is there stays.
-- Params: company_id, sync_strategy, future_days, past_days, include_inactive, auto_sync_enabled,
-- sync_interval_hours, max_promotions_per_sync, enable_compression
UPDATE edge.promotion_sync_settings AS s
SET
    sync_strategy = coalesce(%(sync_strategy)s, s.sync_strategy),
    future_days = coalesce(%(future_days)s, s.future_days),
    past_days = coalesce(%(past_days)s, s.past_days),
    include_inactive = coalesce(%(include_inactive)s, s.include_inactive),
    auto_sync_enabled = coalesce(%(auto_sync_enabled)s, s.auto_sync_enabled),
    sync_interval_hours = coalesce(%(sync_interval_hours)s, s.sync_interval_hours),
    max_promotions_per_sync = coalesce(%(max_promotions_per_sync)s, s.max_promotions_per_sync),
    enable_compression = coalesce(%(enable_compression)s, s.enable_compression)
WHERE s.company_id = %(company_id)s
