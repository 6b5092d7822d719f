-- Mark every day with figures stale, of one workspace or of all.
-- Params: workspace_id (NULL: all)
INSERT INTO analytics.stale_days (workspace_id, date)
SELECT
    c.workspace_id,
    m.date
FROM analytics.campaign_metrics AS m
INNER JOIN analytics.campaigns AS c ON m.campaign_id = c.campaign_id
WHERE %(workspace_id)s::bigint IS NULL OR c.workspace_id = %(workspace_id)s::bigint
UNION
SELECT
    e.workspace_id,
    e.event_date
FROM analytics.attribution_events AS e
WHERE %(workspace_id)s::bigint IS NULL OR e.workspace_id = %(workspace_id)s::bigint
ORDER BY workspace_id ASC, date ASC
ON CONFLICT DO NOTHING;
