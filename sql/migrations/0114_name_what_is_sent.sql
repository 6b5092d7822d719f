-- What a store is sent was spelled out in each query that asked; now syncs, checksums and previews
-- of other settings ask one function.
-- depends: 0113_inline_edge_selectors
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

CREATE FUNCTION edge.is_sent(
    r edge.promotion_records,
    store uuid,
    brands uuid[],
    inactive_too boolean,
    strategy text,
    future_days bigint,
    past_days bigint,
    today date
) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT
        edge.reaches_store(r, store, brands)
        AND (r.is_active OR inactive_too)
        AND edge.is_in_window(r, strategy, future_days, past_days, today)
$$;
COMMENT ON FUNCTION edge.is_sent IS
'Whether a store with these brands is sent a promotion under these settings, on its local day.';
