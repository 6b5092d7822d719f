-- The two questions that decide whether a promotion is a store's; everybody asks them here.
-- depends: 0105_mark_edge_changes
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

CREATE FUNCTION edge.reaches_store(r edge.promotion_records, store uuid, brands uuid[])
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT
        NOT r.is_removed
        AND (r.all_stores OR store = any(r.store_ids))
        AND store != all(r.excluded_store_ids)
        AND EXISTS (
            SELECT 1 FROM unnest(brands) AS b (brand_id)
            WHERE (r.all_brands OR b.brand_id = any(r.brand_ids)) AND b.brand_id != all(r.excluded_brand_ids)
        )
$$;
COMMENT ON FUNCTION edge.reaches_store IS
'Whether a promotion is for a store, or for at least one of these brands in it, now or on another day.';

CREATE FUNCTION edge.is_in_window(
    r edge.promotion_records, strategy text, future_days bigint, past_days bigint, today date
) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE strategy
        WHEN 'current_only' THEN r.start_on <= today AND r.end_on >= today
        WHEN 'include_future'
            THEN r.start_on <= today + future_days::int AND r.end_on >= today - past_days::int
        ELSE true
    END
$$;
COMMENT ON FUNCTION edge.is_in_window IS
'Whether a company''s sync strategy sends a promotion on a day, which is the store''s local day.';
