-- Mark every order stale, of one workspace or of all.
-- Params: workspace_id (NULL: all)
INSERT INTO analytics.stale_orders (order_id)
SELECT o.order_id
FROM analytics.orders AS o
WHERE %(workspace_id)s::bigint IS NULL OR o.workspace_id = %(workspace_id)s::bigint
ORDER BY o.order_id ASC
ON CONFLICT DO NOTHING;
