-- The targets of some promotions, in order.
-- Params: promotion_ids
SELECT *  -- noqa: AM04
FROM edge.promotion_targets
WHERE promotion_id = any(%(promotion_ids)s::uuid[])
ORDER BY promotion_id, target_id;
