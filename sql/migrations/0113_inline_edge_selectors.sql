-- Every sync asks of each promotion whether it reaches the store, several times. With a subquery in
-- it the function was called for each row; without one it becomes part of the query.
-- depends: 0111_create_edge_chunks
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

CREATE FUNCTION edge.reaches_brands(included uuid[], excluded uuid[], brands uuid[])
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT EXISTS (
        SELECT 1 FROM unnest(brands) AS b (brand_id)
        WHERE (included IS NULL OR b.brand_id = any(included)) AND b.brand_id != all(excluded)
    )
$$;
COMMENT ON FUNCTION edge.reaches_brands IS
'Whether one of the brands is included (NULL: all are) and not excluded.';

CREATE OR REPLACE FUNCTION edge.reaches_store(r edge.promotion_records, store uuid, brands uuid[])
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT
        NOT r.is_removed
        AND (r.all_stores OR store = any(r.store_ids))
        AND store != all(r.excluded_store_ids)
        AND CASE
            WHEN cardinality(r.excluded_brand_ids) > 0
                THEN edge.reaches_brands(
                    CASE WHEN NOT r.all_brands THEN r.brand_ids END, r.excluded_brand_ids, brands
                )
            WHEN r.all_brands THEN cardinality(brands) > 0
            ELSE brands && r.brand_ids
        END
$$;
