-- The company's currency changed: every amount has to be compiled again.
-- Params: company_id
INSERT INTO marked (kind, record_id, store_id)
SELECT
    kinds.kind,
    kinds.record_id,
    kinds.store_id
FROM (
    SELECT
        'product' AS kind,
        p.product_id AS record_id,
        '00000000-0000-0000-0000-000000000000'::uuid AS store_id
    FROM edge.products AS p
    WHERE p.company_id = %(company_id)s
    UNION ALL
    SELECT
        'promotion' AS kind,
        p.promotion_id AS record_id,
        '00000000-0000-0000-0000-000000000000'::uuid AS store_id
    FROM edge.promotions AS p
    WHERE p.company_id = %(company_id)s
    UNION ALL
    SELECT
        'store_product' AS kind,
        p.product_id AS record_id,
        p.store_id
    FROM edge.store_products AS p
    INNER JOIN edge.stores AS s ON p.store_id = s.store_id
    WHERE s.company_id = %(company_id)s
) AS kinds
WHERE
    EXISTS (
        SELECT 1 FROM marked AS m
        WHERE m.kind = 'company'
    )
ON CONFLICT DO NOTHING;
