-- Store the same credentials under another key.
-- Params: connection_id, credentials
UPDATE analytics.connections AS c
SET credentials = %(credentials)s
WHERE c.connection_id = %(connection_id)s;
