-- The tiers of some promotions, in order.
-- Params: promotion_ids
SELECT *  -- noqa: AM04
FROM edge.promotion_tiers
WHERE promotion_id = any(%(promotion_ids)s::uuid[])
ORDER BY promotion_id, tier_order;
