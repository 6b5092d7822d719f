-- Add a workspace, or change the named one; return its id and whether it is new.
-- Params: name, timezone, currency, models, window_days
INSERT INTO analytics.workspaces AS saved (
    name, timezone, reporting_currency, attribution_models, attribution_window_days
)
VALUES (%(name)s, %(timezone)s, %(currency)s, %(models)s, %(window_days)s)
ON CONFLICT (name) DO UPDATE
    SET
        timezone = excluded.timezone,
        reporting_currency = excluded.reporting_currency,
        attribution_models = excluded.attribution_models,
        attribution_window_days = excluded.attribution_window_days
RETURNING saved.workspace_id, saved.xmax = 0 AS is_new;
