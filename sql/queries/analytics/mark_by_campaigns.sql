-- Mark the orders whose visits may now match otherwise: they name one of these campaigns.
-- Params: campaign_ids
WITH keys AS (
    SELECT DISTINCT
        n.workspace_id,
        n.name_key
    FROM analytics.campaign_names AS n
    WHERE n.campaign_id = any(%(campaign_ids)s)
),

ids AS (
    SELECT
        c.workspace_id,
        c.external_id
    FROM analytics.campaigns AS c
    WHERE c.campaign_id = any(%(campaign_ids)s)
),

clicks AS (
    SELECT
        e.workspace_id,
        e.visitor_id,
        e.click_id,
        e.occurred_at
    FROM keys AS k
    INNER JOIN analytics.click_events AS e
        ON k.workspace_id = e.workspace_id AND k.name_key = e.campaign_key
    UNION
    SELECT
        e.workspace_id,
        e.visitor_id,
        e.click_id,
        e.occurred_at
    FROM ids AS i
    INNER JOIN analytics.click_events AS e
        ON i.workspace_id = e.workspace_id AND e.campaign_ids @> ARRAY[i.external_id]
),

touched AS (
    SELECT t.order_id
    FROM keys AS k
    INNER JOIN analytics.order_touches AS t
        ON k.workspace_id = t.workspace_id AND k.name_key = t.campaign_key
    UNION
    SELECT t.order_id
    FROM ids AS i
    INNER JOIN analytics.order_touches AS t
        ON i.workspace_id = t.workspace_id AND t.campaign_ids @> ARRAY[i.external_id]
    UNION
    SELECT o.order_id
    FROM clicks AS c
    INNER JOIN analytics.order_visitors AS v
        ON c.workspace_id = v.workspace_id AND c.visitor_id = v.visitor_id
    INNER JOIN analytics.orders AS o
        ON
            v.connection_id = o.connection_id
            AND v.external_id = o.external_id
            AND o.ordered_at >= c.occurred_at - interval '300 seconds'
            AND o.ordered_at <= c.occurred_at + interval '30 days'
    UNION
    SELECT o.order_id
    FROM clicks AS c
    INNER JOIN analytics.orders AS o
        ON c.workspace_id = o.workspace_id AND o.own_click_ids @> ARRAY[c.click_id]
    WHERE o.own_click_ids <> '{}'
)

INSERT INTO analytics.stale_orders (order_id)
SELECT t.order_id FROM touched AS t
ORDER BY t.order_id ASC
ON CONFLICT DO NOTHING;
