-- Add a workspace; return its id, or nothing where the name is taken.
-- Params: name, timezone, currency, models, window_days
INSERT INTO analytics.workspaces AS saved (
    name, timezone, reporting_currency, attribution_models, attribution_window_days
)
VALUES (%(name)s, %(timezone)s, %(currency)s, %(models)s, %(window_days)s)
ON CONFLICT (name) DO NOTHING
RETURNING saved.workspace_id;
