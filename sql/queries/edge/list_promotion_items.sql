-- The items of some promotions, in order.
-- Params: promotion_ids
SELECT *  -- noqa: AM04
FROM edge.promotion_items
WHERE promotion_id = any(%(promotion_ids)s::uuid[])
ORDER BY promotion_id, sort_order;
