-- A chunk in both of its forms.
-- Params: chunk_id
SELECT
    n.body,
    n.packed
FROM edge.product_chunks AS n
WHERE n.chunk_id = %(chunk_id)s;
