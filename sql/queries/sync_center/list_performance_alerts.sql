-- Campaigns of a workspace that are below their own history, the gravest first.
-- Params: workspace_id, at_most
SELECT
    a.kind,
    a.severity,
    a.date,
    a.message,
    a.opened_at,
    c.name AS campaign
FROM analytics.performance_alerts AS a
LEFT JOIN analytics.campaigns AS c ON a.campaign_id = c.campaign_id
WHERE a.workspace_id = %(workspace_id)s AND a.resolved_at IS NULL
ORDER BY
    array_position(ARRAY['high', 'medium', 'low'], a.severity) ASC,
    a.date DESC,
    a.campaign_id ASC
LIMIT %(at_most)s
