-- Active connections whose refresh token works once, and may have been used since the backup.
-- Params: vendors
SELECT c.connection_id
FROM analytics.connections AS c
WHERE c.vendor = any(%(vendors)s::text[]) AND c.status = 'active' AND c.credentials IS NOT NULL
ORDER BY c.connection_id
