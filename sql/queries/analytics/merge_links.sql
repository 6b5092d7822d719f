-- Add the staged links between orders and browsers, and mark the orders; return the links whose
-- store the workspace does not have.
WITH known AS (
    SELECT
        s.*,
        c.connection_id
    FROM staged_links AS s
    LEFT JOIN analytics.connections AS c
        ON
            s.workspace_id = c.workspace_id
            AND s.store = c.external_id
            AND c.vendor IN ('shopify', 'woocommerce', 'salla', 'zid')
),

added AS (
    INSERT INTO analytics.order_visitors (
        connection_id, external_id, visitor_id, workspace_id, occurred_at
    )
    SELECT DISTINCT ON (k.connection_id, k.external_id, k.visitor_id)
        k.connection_id,
        k.external_id,
        k.visitor_id,
        k.workspace_id,
        k.occurred_at
    FROM known AS k
    WHERE k.connection_id IS NOT NULL
    ORDER BY k.connection_id ASC, k.external_id ASC, k.visitor_id ASC, k.occurred_at ASC
    ON CONFLICT DO NOTHING
    RETURNING connection_id, external_id
),

marked AS (
    INSERT INTO analytics.stale_orders (order_id)
    SELECT DISTINCT o.order_id
    FROM added AS a
    INNER JOIN analytics.orders AS o
        ON a.connection_id = o.connection_id AND a.external_id = o.external_id
    ORDER BY o.order_id ASC
    ON CONFLICT DO NOTHING
)

SELECT DISTINCT
    k.workspace_id,
    k.store
FROM known AS k
WHERE k.connection_id IS NULL
ORDER BY k.workspace_id ASC, k.store ASC;
