-- The data versions of companies, and how often their edges sync by themselves (NULL: never).
-- Params: company_ids
SELECT
    v.company_id,
    v.epoch,
    v.version,
    v.changed_at,
    CASE WHEN s.auto_sync_enabled THEN s.sync_interval_hours END AS sync_interval_hours
FROM edge.versions AS v
LEFT JOIN edge.promotion_sync_settings AS s ON v.company_id = s.company_id
WHERE v.company_id = ANY(%(company_ids)s::uuid[])
