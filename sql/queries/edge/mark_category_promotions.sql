-- The category tree changed: promotions hold categories with all that is below them.
-- Params: company_id
INSERT INTO marked (kind, record_id, store_id)
SELECT
    'promotion' AS kind,
    p.promotion_id,
    '00000000-0000-0000-0000-000000000000'::uuid AS store_id
FROM edge.promotions AS p
WHERE
    p.company_id = %(company_id)s
    AND (
        p.mix_category_id IS NOT NULL
        OR EXISTS (
            SELECT 1 FROM edge.promotion_targets AS t
            WHERE t.promotion_id = p.promotion_id AND t.category_id IS NOT NULL
        )
        OR EXISTS (
            SELECT 1 FROM edge.promotion_items AS i
            WHERE i.promotion_id = p.promotion_id AND i.category_id IS NOT NULL
        )
    )
ON CONFLICT DO NOTHING;
