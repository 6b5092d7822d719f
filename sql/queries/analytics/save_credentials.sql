-- Replace a connection's encrypted credentials; one that waited for them may be asked again.
-- Params: connection_id, credentials
UPDATE analytics.connections AS c
SET
    credentials = %(credentials)s,
    status = CASE c.status WHEN 'needs_reauth' THEN 'active' ELSE c.status END,
    updated_at = now()
WHERE c.connection_id = %(connection_id)s;
