-- The packages of some promotions.
-- Params: promotion_ids
SELECT *  -- noqa: AM04
FROM edge.package_promotions
WHERE promotion_id = any(%(promotion_ids)s::uuid[]);
