-- End the names that changed campaigns no longer have.
-- Params: campaign_ids
WITH latest AS (
    SELECT DISTINCT ON (s.connection_id, s.external_id) s.*
    FROM staged_campaigns AS s
    ORDER BY s.connection_id ASC, s.external_id ASC, s.ordinal DESC
)

UPDATE analytics.campaign_names AS n
SET valid_until = s.seen_at
FROM analytics.campaigns AS c
INNER JOIN latest AS s ON c.connection_id = s.connection_id AND c.external_id = s.external_id
WHERE
    c.campaign_id = any(%(campaign_ids)s)
    AND n.campaign_id = c.campaign_id
    AND n.valid_until = 'infinity'
    AND n.name <> c.name;
