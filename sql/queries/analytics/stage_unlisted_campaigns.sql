-- Stage the campaigns that days name and no list has: their spend is real.
-- Params: connection_id
INSERT INTO staged_campaigns (ordinal, external_id, name, name_key, status, raw_status)
SELECT DISTINCT ON (d.external_id)
    0 AS ordinal,
    d.external_id,
    d.campaign_name,
    d.name_key,
    'unknown' AS status,
    '' AS raw_status
FROM staged_days AS d
WHERE
    NOT EXISTS (
        SELECT 1 FROM analytics.campaigns AS c
        WHERE c.connection_id = %(connection_id)s AND c.external_id = d.external_id
    )
ORDER BY d.external_id ASC, d.ordinal DESC;
