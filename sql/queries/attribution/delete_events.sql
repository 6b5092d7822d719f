-- Remove what the taken orders are no longer credited to, and mark the days.
WITH gone AS (
    DELETE FROM analytics.attribution_events AS e
    USING taken_orders AS o
    WHERE
        e.order_id = o.order_id
        AND NOT EXISTS (
            SELECT 1 FROM new_events AS n
            WHERE
                n.order_id = e.order_id
                AND n.attribution_type = e.attribution_type
                AND n.ordinal = e.ordinal
        )
    RETURNING e.workspace_id, e.event_date
),

marked AS (
    INSERT INTO analytics.stale_days (workspace_id, date)
    SELECT DISTINCT
        g.workspace_id,
        g.event_date
    FROM gone AS g
    ORDER BY g.workspace_id ASC, g.event_date ASC
    ON CONFLICT DO NOTHING
)

SELECT count(*) AS deleted FROM gone;
