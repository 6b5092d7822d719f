-- Marked products; without a row when it is gone from this company.
SELECT
    p.*,  -- noqa: AM04
    m.record_id
FROM marked AS m
LEFT JOIN edge.products AS p
    ON m.record_id = p.product_id AND p.company_id = %(company_id)s
WHERE m.kind = 'product' AND m.record_id > %(after)s
ORDER BY m.record_id
LIMIT 5000;
