-- List the connections that have credentials.
SELECT c.connection_id
FROM analytics.connections AS c
WHERE c.credentials IS NOT NULL
ORDER BY c.connection_id;
