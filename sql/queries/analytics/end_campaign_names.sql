-- End the names that the staged campaigns no longer have.
-- Params: connection_id, seen_at
UPDATE analytics.campaign_names AS n
SET valid_until = %(seen_at)s
FROM analytics.campaigns AS c
INNER JOIN staged_campaigns AS s ON c.external_id = s.external_id
WHERE
    c.connection_id = %(connection_id)s
    AND n.campaign_id = c.campaign_id
    AND n.valid_until = 'infinity'
    AND n.name <> c.name;
