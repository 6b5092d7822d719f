-- Marked overlays; without a row when the store has none any more. Those of a store that is not of
-- this company, or is deleted, are left out: they are seen to under the store's own mark.
-- Params: company_id, after_store, after
WITH page AS MATERIALIZED (
    SELECT
        m.store_id,
        m.record_id
    FROM marked AS m
    INNER JOIN edge.stores AS s
        ON m.store_id = s.store_id AND s.company_id = %(company_id)s
    WHERE
        m.kind = 'store_product' AND (m.store_id, m.record_id) > (%(after_store)s, %(after)s)
    ORDER BY m.store_id, m.record_id
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
