-- Workspaces, with their day today.
-- Params: now
SELECT
    w.workspace_id,
    w.name,
    w.reporting_currency AS currency,
    w.timezone,
    (%(now)s::timestamptz AT TIME ZONE w.timezone)::date AS today
FROM analytics.workspaces AS w
ORDER BY w.name, w.workspace_id
