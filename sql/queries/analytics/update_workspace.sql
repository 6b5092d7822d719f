-- Change a workspace; return whether figures depend on what changed.
-- Params: workspace_id, name, timezone, currency, models, window_days
WITH before AS (
    SELECT
        w.workspace_id,
        w.timezone <> %(timezone)s
        OR w.reporting_currency <> %(currency)s
        OR w.attribution_models <> %(models)s
        OR w.attribution_window_days <> %(window_days)s AS differs
    FROM analytics.workspaces AS w
    WHERE w.workspace_id = %(workspace_id)s
    FOR UPDATE
)

UPDATE analytics.workspaces AS w
SET
    name = %(name)s,
    timezone = %(timezone)s,
    reporting_currency = %(currency)s,
    attribution_models = %(models)s,
    attribution_window_days = %(window_days)s
FROM before
WHERE w.workspace_id = before.workspace_id
RETURNING before.differs;
