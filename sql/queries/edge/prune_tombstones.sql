-- Forgets removals older than the longest time that a store may be offline, and says so: cursors
-- below the floor need a snapshot. An overlay's empty record stays with its product, because the
-- product's version as served is the higher of both.
WITH horizon AS (
    SELECT
        p.company_id,
        max(p.version) AS version
    FROM edge.publications AS p
    WHERE p.published_at < now() - %(kept)s::interval
    GROUP BY p.company_id
),

floors AS (
    UPDATE edge.versions AS v
    SET floor_version = h.version
    FROM horizon AS h
    WHERE v.company_id = h.company_id AND v.floor_version < h.version
),

publications AS (
    DELETE FROM edge.publications AS p
    USING horizon AS h
    WHERE p.company_id = h.company_id AND p.version < h.version
),

categories AS (
    DELETE FROM edge.category_records AS r
    USING horizon AS h
    WHERE r.company_id = h.company_id AND r.is_removed AND r.version <= h.version
),

promotions AS (
    DELETE FROM edge.promotion_records AS r
    USING horizon AS h
    WHERE r.company_id = h.company_id AND r.is_removed AND r.version <= h.version
),

products AS (
    DELETE FROM edge.product_records AS r
    USING horizon AS h
    WHERE r.company_id = h.company_id AND r.is_removed AND r.version <= h.version
    RETURNING r.company_id, r.product_id
),

overlays AS (
    DELETE FROM edge.store_product_records AS o
    USING products AS p
    WHERE o.company_id = p.company_id AND o.product_id = p.product_id AND o.body = ''
)

SELECT
    company_id,
    version AS floor_version
FROM horizon;
