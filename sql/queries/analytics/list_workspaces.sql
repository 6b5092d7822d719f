-- List the workspaces, and how many accounts and stores each has and asks.
SELECT
    w.workspace_id,
    w.name,
    w.timezone,
    w.reporting_currency AS currency,
    w.attribution_models AS models,
    w.attribution_window_days AS window_days,
    count(c.connection_id) AS linked,
    count(c.connection_id) FILTER (WHERE c.status = 'active') AS active
FROM analytics.workspaces AS w
LEFT JOIN analytics.connections AS c ON w.workspace_id = c.workspace_id
GROUP BY w.workspace_id
ORDER BY w.workspace_id ASC;
