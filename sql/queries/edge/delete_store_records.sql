-- Forgets what was kept for stores that are deleted.
-- Params: company_id
WITH gone AS (
    SELECT m.record_id AS store_id
    FROM marked AS m
    WHERE
        m.kind = 'store'
        AND m.record_id != %(company_id)s
        AND NOT EXISTS (
            SELECT 1 FROM edge.stores AS s
            WHERE s.store_id = m.record_id
        )
),

scopes AS (
    DELETE FROM edge.store_scopes AS c
    USING gone AS g
    WHERE c.store_id = g.store_id
)

DELETE FROM edge.store_product_records AS r
USING gone AS g
WHERE r.store_id = g.store_id;
