-- Begin the names that changed campaigns have now: a first name was always valid, a later one since
-- the name before was last seen (known_at; NULL: never listed before), for the rename happened
-- between two looks.
-- Params: campaign_ids
INSERT INTO analytics.campaign_names (
    campaign_id, valid_from, workspace_id, platform, name, name_key
)
WITH latest AS (
    SELECT DISTINCT ON (s.connection_id, s.external_id) s.*
    FROM staged_campaigns AS s
    ORDER BY s.connection_id ASC, s.external_id ASC, s.ordinal DESC
)

SELECT
    c.campaign_id,
    CASE
        WHEN
            EXISTS (
                SELECT 1 FROM analytics.campaign_names AS o
                WHERE o.campaign_id = c.campaign_id
            )
            THEN coalesce(s.known_at, now())
        ELSE '-infinity'
    END AS valid_from,
    c.workspace_id,
    c.platform,
    c.name,
    s.name_key
FROM analytics.campaigns AS c
INNER JOIN latest AS s ON c.connection_id = s.connection_id AND c.external_id = s.external_id
WHERE
    c.campaign_id = any(%(campaign_ids)s)
    AND NOT EXISTS (
        SELECT 1 FROM analytics.campaign_names AS n
        WHERE n.campaign_id = c.campaign_id AND n.valid_until = 'infinity'
    )
ON CONFLICT (campaign_id, valid_from) DO UPDATE
    SET valid_until = 'infinity', name = excluded.name, name_key = excluded.name_key;
