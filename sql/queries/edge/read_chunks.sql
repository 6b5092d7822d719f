-- What is in some chunks, as it is or compressed; those that were rebuilt meanwhile are gone.
-- Params: is_packed, chunk_ids
SELECT
    n.chunk_id,
    CASE WHEN %(is_packed)s THEN n.packed ELSE n.body END AS body
FROM edge.product_chunks AS n
WHERE n.chunk_id = any(%(chunk_ids)s::bigint[]) AND NOT n.is_dirty;
