-- Change a company's settings, unless somebody else did since they were read; locked before.
-- Params: company_id, last_change; as settings sync_strategy, future_days, past_days,
-- include_inactive, auto_sync_enabled, sync_interval_hours, max_promotions_per_sync,
-- enable_compression
UPDATE edge.promotion_sync_settings AS t
SET
    sync_strategy = %(sync_strategy)s,
    future_days = %(future_days)s,
    past_days = %(past_days)s,
    include_inactive = %(include_inactive)s,
    auto_sync_enabled = %(auto_sync_enabled)s,
    sync_interval_hours = %(sync_interval_hours)s,
    max_promotions_per_sync = %(max_promotions_per_sync)s,
    enable_compression = %(enable_compression)s
WHERE
    t.company_id = %(company_id)s::uuid
    AND (
        SELECT coalesce(max(h.change_id), 0)
        FROM edge.settings_changes AS h
        WHERE h.company_id = t.company_id
    ) = %(last_change)s
RETURNING t.company_id
