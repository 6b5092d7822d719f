-- Stage the campaigns that days name and no list has, now or earlier: their spend is real.
INSERT INTO staged_campaigns (
    connection_id, workspace_id, platform, seen_at, ordinal, external_id, name, name_key, status,
    raw_status
)
SELECT DISTINCT ON (p.connection_id, u.external_id)
    p.connection_id,
    p.workspace_id,
    p.platform,
    p.pulled_at,
    0 AS ordinal,
    u.external_id,
    u.name,
    u.name_key,
    'unknown' AS status,
    '' AS raw_status
FROM staged_unlisted AS u
INNER JOIN staged_pulls AS p ON u.pull = p.pull
WHERE
    NOT EXISTS (
        SELECT 1 FROM staged_campaigns AS s
        WHERE s.connection_id = p.connection_id AND s.external_id = u.external_id
    )
    AND NOT EXISTS (
        SELECT 1 FROM analytics.campaigns AS c
        WHERE c.connection_id = p.connection_id AND c.external_id = u.external_id
    )
ORDER BY p.connection_id ASC, u.external_id ASC, u.pull DESC;
