-- List the workspaces.
SELECT
    w.workspace_id,
    w.name,
    w.timezone,
    w.reporting_currency,
    w.attribution_models,
    w.attribution_window_days
FROM analytics.workspaces AS w
ORDER BY w.workspace_id ASC;
