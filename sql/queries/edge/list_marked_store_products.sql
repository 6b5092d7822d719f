-- Marked overlays; without a row when the store has none any more.
WITH page AS MATERIALIZED (
    SELECT
        store_id,
        record_id
    FROM marked
    WHERE kind = 'store_product' AND (store_id, record_id) > (%(after_store)s, %(after)s)
    ORDER BY store_id, record_id
    LIMIT 5000
)

SELECT
    p.*,  -- noqa: AM04
    m.store_id AS marked_store_id,
    m.record_id
FROM page AS m
LEFT JOIN edge.store_products AS p
    ON m.record_id = p.product_id AND m.store_id = p.store_id
ORDER BY m.store_id, m.record_id;
