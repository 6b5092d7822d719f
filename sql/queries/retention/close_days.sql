-- Close the days of uses that are about to be deleted: summed up anew they would lose them.
-- Params: rows (where the uses are), now
WITH days AS (
    SELECT DISTINCT
        o.promotion_id,
        o.store_id,
        o.business_on
    FROM edge.promotion_usages AS u
    INNER JOIN edge.promotion_usages AS o
        ON u.store_id = o.store_id AND coalesce(u.reverses_usage_id, u.usage_id) = o.usage_id
    WHERE u.ctid = any(%(rows)s::tid[])
)

UPDATE edge.promotion_effectiveness AS e
SET closed_at = %(now)s
FROM days AS d
WHERE
    e.promotion_id = d.promotion_id
    AND e.store_id = d.store_id
    AND e.business_on = d.business_on
    AND e.closed_at IS NULL
