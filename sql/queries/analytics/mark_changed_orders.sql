-- Mark the orders just written for attribution, and say how many were new and how many changed.
WITH marked AS (
    INSERT INTO analytics.stale_orders (order_id)
    SELECT c.order_id FROM changed_orders AS c
    ORDER BY c.order_id ASC
    ON CONFLICT DO NOTHING
)

SELECT
    count(*) FILTER (WHERE c.is_new) AS inserted,
    count(*) FILTER (WHERE NOT c.is_new) AS updated
FROM changed_orders AS c;
