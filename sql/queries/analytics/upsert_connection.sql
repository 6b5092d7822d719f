-- Link an ad account or a store, or change the link; it is asked again from the next run on.
-- Params: workspace_id, vendor, external_id, name, currency, timezone (NULL: not asked), settings
INSERT INTO analytics.connections AS saved (
    workspace_id, vendor, external_id, name, currency, timezone, settings
)
VALUES (
    %(workspace_id)s,
    %(vendor)s,
    %(external_id)s,
    %(name)s,
    %(currency)s,
    %(timezone)s,
    %(settings)s
)
ON CONFLICT (workspace_id, vendor, external_id) DO UPDATE
    SET
        name = excluded.name,
        currency = excluded.currency,
        timezone = excluded.timezone,
        settings = saved.settings || excluded.settings,
        status = 'active',
        updated_at = now()
RETURNING saved.connection_id;
