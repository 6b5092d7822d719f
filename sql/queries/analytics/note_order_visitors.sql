-- Remember the browsers that the orders themselves name.
-- Params: connection_id, workspace_id
INSERT INTO analytics.order_visitors (
    connection_id, external_id, visitor_id, workspace_id, occurred_at
)
SELECT DISTINCT ON (s.external_id, s.visitor_id)
    %(connection_id)s,
    s.external_id,
    s.visitor_id,
    %(workspace_id)s,
    s.ordered_at
FROM changed_orders AS c
INNER JOIN staged_orders AS s ON c.ordinal = s.ordinal
WHERE s.visitor_id IS NOT NULL
ORDER BY s.external_id ASC, s.visitor_id ASC
ON CONFLICT DO NOTHING;
