-- List a store's orders whose visits the shop still worked on, while that may still end.
-- Params: connection_id, since
SELECT o.external_id
FROM analytics.orders AS o
WHERE
    o.connection_id = %(connection_id)s
    AND NOT o.touches_ready
    AND o.ordered_at >= %(since)s
ORDER BY o.ordered_at ASC
LIMIT 1000;
