-- Stored usages of a store, by id: what repeats, conflicts and reversals are judged by.
-- Params: store_id, usage_ids
SELECT
    u.usage_id,
    u.content_hash,
    u.promotion_id,
    u.reverses_usage_id
FROM edge.promotion_usages AS u
WHERE u.store_id = %(store_id)s AND u.usage_id = ANY(%(usage_ids)s::uuid[])
