-- How many promotions each store is sent now, and would be under other settings: a page of stores.
-- Stores with the same brands and the same day are alike to a promotion for all stores without
-- exception: it is asked about once for each kind of store, the others for each store.
-- Params: company_id, after (a store's code), at_most; as settings sync_strategy, future_days,
-- past_days, include_inactive
WITH stores AS MATERIALIZED (
    SELECT
        s.company_id,
        s.store_id,
        s.code,
        s.name,
        (now() AT TIME ZONE s.timezone)::date AS today,
        array(
            SELECT b.brand_id
            FROM edge.store_brands AS b
            WHERE b.store_id = s.store_id
            ORDER BY b.brand_id
        ) AS brand_ids
    FROM edge.stores AS s
    INNER JOIN edge.companies AS c ON s.company_id = c.company_id
    WHERE
        s.company_id = %(company_id)s::uuid
        AND s.is_active
        AND c.is_active
        AND s.code > %(after)s
    ORDER BY s.code
    LIMIT %(at_most)s
),

asked AS MATERIALIZED (
    SELECT
        s.store_id,
        s.today,
        s.brand_ids,
        false AS for_all_alike
    FROM stores AS s
    UNION ALL
    SELECT DISTINCT ON (s.brand_ids, s.today)
        s.store_id,
        s.today,
        s.brand_ids,
        true AS for_all_alike
    FROM stores AS s
),

decided AS (
    SELECT
        a.store_id,
        a.today,
        a.brand_ids,
        a.for_all_alike,
        edge.is_sent(
            r, a.store_id, a.brand_ids, t.include_inactive,
            t.sync_strategy, t.future_days, t.past_days, a.today
        ) AS is_sent,
        edge.is_sent(
            r, a.store_id, a.brand_ids, %(include_inactive)s,
            %(sync_strategy)s, %(future_days)s, %(past_days)s, a.today
        ) AS would_be
    FROM edge.promotion_sync_settings AS t
    INNER JOIN edge.promotion_records AS r ON t.company_id = r.company_id
    INNER JOIN asked AS a
        ON
            (r.all_stores AND cardinality(r.excluded_store_ids) = 0) = a.for_all_alike
            -- What names other stores is not asked about further: most pairs end here.
            AND (r.all_stores OR a.store_id = any(r.store_ids))
    WHERE t.company_id = %(company_id)s::uuid
),

-- Grouped by what was decided, so that it is decided once: an aggregate's FILTER does it again.
counted AS MATERIALIZED (
    SELECT
        d.store_id,
        d.today,
        d.brand_ids,
        d.for_all_alike,
        d.is_sent,
        d.would_be,
        count(*) AS promotions
    FROM decided AS d
    GROUP BY d.store_id, d.today, d.brand_ids, d.for_all_alike, d.is_sent, d.would_be
)

SELECT
    s.store_id::text AS store_id,
    s.code,
    s.name,
    coalesce(sum(c.promotions) FILTER (WHERE c.is_sent), 0)::bigint AS promotions,
    coalesce(sum(c.promotions) FILTER (WHERE c.would_be), 0)::bigint AS promotions_then,
    coalesce(sum(c.promotions) FILTER (WHERE c.would_be AND NOT c.is_sent), 0)::bigint AS come,
    coalesce(sum(c.promotions) FILTER (WHERE c.is_sent AND NOT c.would_be), 0)::bigint AS go
FROM stores AS s
LEFT JOIN counted AS c
    ON CASE
        WHEN c.for_all_alike THEN s.brand_ids = c.brand_ids AND s.today = c.today
        ELSE s.store_id = c.store_id
    END
GROUP BY s.store_id, s.code, s.name
ORDER BY s.code
