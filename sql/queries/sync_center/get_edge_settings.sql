-- A company's settings for its stores, the key of their last change, and what is published.
-- Params: company_id
SELECT
    c.company_id::text AS company_id,
    c.name,
    v.version,
    p.version AS published_version,
    t.sync_strategy,
    t.future_days,
    t.past_days,
    t.include_inactive,
    t.auto_sync_enabled,
    t.sync_interval_hours,
    t.max_promotions_per_sync,
    t.enable_compression,
    (
        SELECT coalesce(max(h.change_id), 0)
        FROM edge.settings_changes AS h
        WHERE h.company_id = c.company_id
    ) AS last_change,
    exists(
        SELECT 1 FROM edge.marks AS m
        WHERE m.company_id = c.company_id
    ) AS has_marks
FROM edge.companies AS c
INNER JOIN edge.versions AS v ON c.company_id = v.company_id
INNER JOIN edge.promotion_sync_settings AS t ON c.company_id = t.company_id
LEFT JOIN LATERAL (
    SELECT n.version
    FROM edge.publications AS n
    WHERE n.company_id = c.company_id
    ORDER BY n.version DESC
    LIMIT 1
) AS p ON true
WHERE c.company_id::text = %(company_id)s
