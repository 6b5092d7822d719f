-- Marked products; without a row when it is gone from this company.
-- Params: after, company_id
WITH page AS MATERIALIZED (
    SELECT record_id
    FROM marked
    WHERE kind = 'product' AND record_id > %(after)s
    ORDER BY record_id
    LIMIT 5000
)

SELECT
    p.*,  -- noqa: AM04
    m.record_id
FROM page AS m
LEFT JOIN edge.products AS p
    ON m.record_id = p.product_id AND p.company_id = %(company_id)s
ORDER BY m.record_id;
