-- Marked categories; without a row when it is gone from this company.
SELECT
    c.*,  -- noqa: AM04
    m.record_id
FROM marked AS m
LEFT JOIN edge.categories AS c
    ON m.record_id = c.category_id AND c.company_id = %(company_id)s
WHERE m.kind = 'category' AND m.record_id > %(after)s
ORDER BY m.record_id
LIMIT 5000;
