-- Marked promotions; without a row when it is gone from this company.
SELECT
    p.*,  -- noqa: AM04
    m.record_id,
    extract(EPOCH FROM p.starts_at_time)::bigint AS start_second,
    extract(EPOCH FROM p.ends_at_time)::bigint AS end_second
FROM marked AS m
LEFT JOIN edge.promotions AS p
    ON m.record_id = p.promotion_id AND p.company_id = %(company_id)s
WHERE m.kind = 'promotion' AND m.record_id > %(after)s
ORDER BY m.record_id
LIMIT 500;
