-- Begin the names that campaigns have now: a first name was always valid, a later one since the
-- name before was last seen, for the rename happened between two looks.
-- Params: connection_id, known_at (NULL: never listed before)
INSERT INTO analytics.campaign_names (
    campaign_id, valid_from, workspace_id, platform, name, name_key
)
WITH latest AS (
    SELECT DISTINCT ON (s.external_id)
        s.external_id,
        s.name_key
    FROM staged_campaigns AS s
    ORDER BY s.external_id ASC, s.ordinal DESC
)

SELECT
    c.campaign_id,
    CASE
        WHEN
            EXISTS (
                SELECT 1 FROM analytics.campaign_names AS o
                WHERE o.campaign_id = c.campaign_id
            )
            THEN coalesce(%(known_at)s::timestamptz, now())
        ELSE '-infinity'
    END AS valid_from,
    c.workspace_id,
    c.platform,
    c.name,
    s.name_key
FROM analytics.campaigns AS c
INNER JOIN latest AS s ON c.external_id = s.external_id
WHERE
    c.connection_id = %(connection_id)s
    AND NOT EXISTS (
        SELECT 1 FROM analytics.campaign_names AS n
        WHERE n.campaign_id = c.campaign_id AND n.valid_until = 'infinity'
    )
ON CONFLICT (campaign_id, valid_from) DO UPDATE
    SET valid_until = 'infinity', name = excluded.name, name_key = excluded.name_key;
