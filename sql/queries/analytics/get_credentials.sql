-- Read a connection's encrypted credentials.
-- Params: connection_id
SELECT c.credentials
FROM analytics.connections AS c
WHERE c.connection_id = %(connection_id)s;
