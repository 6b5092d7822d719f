-- Add the staged clicks that are not here yet, and mark the orders that they may have led to;
-- return those added.
WITH added AS (
    INSERT INTO analytics.click_events
    SELECT DISTINCT ON (s.workspace_id, s.click_id) s.*
    FROM staged_clicks AS s
    INNER JOIN analytics.workspaces AS w ON s.workspace_id = w.workspace_id
    ORDER BY s.workspace_id ASC, s.click_id ASC, s.occurred_at ASC
    ON CONFLICT DO NOTHING
    RETURNING workspace_id, click_id, visitor_id, occurred_at
),

led_to AS (
    SELECT o.order_id
    FROM added AS a
    INNER JOIN analytics.order_visitors AS v
        ON a.workspace_id = v.workspace_id AND a.visitor_id = v.visitor_id
    INNER JOIN analytics.orders AS o
        ON v.connection_id = o.connection_id AND v.external_id = o.external_id
    WHERE
        o.ordered_at >= a.occurred_at - interval '300 seconds'
        AND o.ordered_at <= a.occurred_at + interval '30 days'
    UNION
    SELECT o.order_id
    FROM added AS a
    INNER JOIN analytics.orders AS o
        ON a.workspace_id = o.workspace_id AND o.own_click_ids @> ARRAY[a.click_id]
    WHERE o.own_click_ids <> '{}'
),

marked AS (
    INSERT INTO analytics.stale_orders (order_id)
    SELECT l.order_id FROM led_to AS l
    ORDER BY l.order_id ASC
    ON CONFLICT DO NOTHING
)

SELECT
    a.workspace_id,
    a.click_id
FROM added AS a;
