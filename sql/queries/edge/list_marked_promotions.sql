-- Marked promotions; without a row when it is gone from this company.
WITH page AS MATERIALIZED (
    SELECT record_id
    FROM marked
    WHERE kind = 'promotion' AND record_id > %(after)s
    ORDER BY record_id
    LIMIT 500
)

SELECT
    p.*,  -- noqa: AM04
    m.record_id,
    extract(EPOCH FROM p.starts_at_time)::bigint AS start_second,
    extract(EPOCH FROM p.ends_at_time)::bigint AS end_second
FROM page AS m
LEFT JOIN edge.promotions AS p
    ON m.record_id = p.promotion_id AND p.company_id = %(company_id)s
ORDER BY m.record_id;
