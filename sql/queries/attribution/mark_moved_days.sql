-- Mark the days that events are moved away from (the workspace's timezone changed).
INSERT INTO analytics.stale_days (workspace_id, date)
SELECT DISTINCT
    e.workspace_id,
    e.event_date
FROM analytics.attribution_events AS e
INNER JOIN taken_orders AS o ON e.order_id = o.order_id AND e.event_date <> o.order_day
ORDER BY e.workspace_id ASC, e.event_date ASC
ON CONFLICT DO NOTHING;
