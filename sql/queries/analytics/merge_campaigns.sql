-- Merge a connection's staged campaigns; return those that are new or changed.
-- Params: connection_id, workspace_id, platform
WITH latest AS (
    SELECT DISTINCT ON (s.external_id) s.*
    FROM staged_campaigns AS s
    ORDER BY s.external_id ASC, s.ordinal DESC
)

INSERT INTO analytics.campaigns AS saved (
    workspace_id, connection_id, platform, external_id, name, status, raw_status, objective,
    created_on_platform_at, starts_at, ends_at
)
SELECT
    %(workspace_id)s,
    %(connection_id)s,
    %(platform)s,
    l.external_id,
    l.name,
    l.status,
    l.raw_status,
    l.objective,
    l.created_on_platform_at,
    l.starts_at,
    l.ends_at
FROM latest AS l
ORDER BY l.external_id ASC
ON CONFLICT (connection_id, external_id) DO UPDATE
    SET
        name = excluded.name,
        status = excluded.status,
        raw_status = excluded.raw_status,
        objective = excluded.objective,
        created_on_platform_at = excluded.created_on_platform_at,
        starts_at = excluded.starts_at,
        ends_at = excluded.ends_at,
        updated_at = now()
    WHERE
    (
        saved.name, saved.status, saved.raw_status, saved.objective,
        saved.created_on_platform_at, saved.starts_at, saved.ends_at
    ) IS DISTINCT FROM (
        excluded.name, excluded.status, excluded.raw_status, excluded.objective,
        excluded.created_on_platform_at, excluded.starts_at, excluded.ends_at
    )
RETURNING saved.campaign_id;
