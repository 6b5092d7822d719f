-- Merge the staged campaigns of all connections; return those that are new or changed. A new one's
-- name was always valid.
WITH latest AS (
    SELECT DISTINCT ON (s.connection_id, s.external_id) s.*
    FROM staged_campaigns AS s
    ORDER BY s.connection_id ASC, s.external_id ASC, s.ordinal DESC
),

changed AS (
    SELECT l.*
    FROM latest AS l
    LEFT JOIN analytics.campaigns AS c
        ON l.connection_id = c.connection_id AND l.external_id = c.external_id
    WHERE
        c.campaign_id IS NULL
        OR (
            l.name, l.status, l.raw_status, l.objective, l.created_on_platform_at, l.starts_at,
            l.ends_at
        ) IS DISTINCT FROM (
            c.name, c.status, c.raw_status, c.objective, c.created_on_platform_at, c.starts_at,
            c.ends_at
        )
),

merged AS (
    INSERT INTO analytics.campaigns AS saved (
        workspace_id, connection_id, platform, external_id, name, status, raw_status, objective,
        created_on_platform_at, starts_at, ends_at
    )
    SELECT
        l.workspace_id,
        l.connection_id,
        l.platform,
        l.external_id,
        l.name,
        l.status,
        l.raw_status,
        l.objective,
        l.created_on_platform_at,
        l.starts_at,
        l.ends_at
    FROM changed AS l
    ORDER BY l.connection_id ASC, l.external_id ASC
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
    RETURNING
        saved.campaign_id,
        saved.connection_id,
        saved.external_id,
        -- A row that was inserted has no deleting transaction.
        saved.xmax = 0 AS is_new
),

named AS (
    INSERT INTO analytics.campaign_names (
        campaign_id, valid_from, workspace_id, platform, name, name_key
    )
    SELECT
        m.campaign_id,
        '-infinity' AS valid_from,
        l.workspace_id,
        l.platform,
        l.name,
        l.name_key
    FROM merged AS m
    INNER JOIN changed AS l
        ON m.connection_id = l.connection_id AND m.external_id = l.external_id
    WHERE m.is_new
)

SELECT
    m.campaign_id,
    m.connection_id,
    m.is_new
FROM merged AS m;
