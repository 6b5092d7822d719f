-- Makes room for the chunks that take the place of one; the list of chunks is another one now.
-- Params: chunk_id
WITH gone AS (
    DELETE FROM edge.product_chunks
    WHERE chunk_id = %(chunk_id)s
    RETURNING company_id, brand_id
)

UPDATE edge.chunk_scopes AS s
SET revision = s.revision + 1
FROM gone AS g
WHERE s.company_id = g.company_id AND s.brand_id = g.brand_id;
