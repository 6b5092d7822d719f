-- Marked categories; without a row when it is gone from this company.
-- Params: after, company_id
WITH page AS MATERIALIZED (
    SELECT record_id
    FROM marked
    WHERE kind = 'category' AND record_id > %(after)s
    ORDER BY record_id
    LIMIT 5000
)

SELECT
    c.*,  -- noqa: AM04
    m.record_id
FROM page AS m
LEFT JOIN edge.categories AS c
    ON m.record_id = c.category_id AND c.company_id = %(company_id)s
ORDER BY m.record_id;
