-- Make anew every day of a promotion in a store of which a use or its reversal was stored since,
-- and note how far that was; not days of which retention has deleted uses. In one statement: what
-- it reads and notes belongs to one snapshot.
-- Params: report, since (0: everything), now
WITH arrived AS MATERIALIZED (
    SELECT
        u.store_id,
        coalesce(u.reverses_usage_id, u.usage_id) AS usage_id
    FROM edge.promotion_usages AS u
    WHERE u.recorded_in >= %(since)s::xid8
),

touched AS MATERIALIZED (
    SELECT DISTINCT
        o.promotion_id,
        o.store_id,
        o.business_on
    FROM arrived AS a
    INNER JOIN edge.promotion_usages AS o
        ON a.store_id = o.store_id AND a.usage_id = o.usage_id
    WHERE NOT EXISTS (
        SELECT 1 FROM edge.promotion_effectiveness AS e
        WHERE
            e.promotion_id = o.promotion_id
            AND e.store_id = o.store_id
            AND e.business_on = o.business_on
            AND e.closed_at IS NOT NULL
    )
),

made AS (
    SELECT
        o.promotion_id,
        o.store_id,
        o.business_on,
        o.currency,
        count(*) AS uses,
        count(r.usage_id) AS taken_back,
        sum(o.discount_amount) - coalesce(sum(r.discount_amount), 0) AS discount_amount,
        count(DISTINCT o.bill_id) FILTER (WHERE r.usage_id IS NULL) AS bills,
        count(DISTINCT o.customer_id) FILTER (
            WHERE r.usage_id IS NULL AND o.customer_id != ''
        ) AS customers,
        min(o.used_at) AS first_used_at,
        max(o.used_at) AS last_used_at,
        (array_agg(o.company_id ORDER BY o.used_at DESC, o.usage_id ASC))[1] AS company_id
    FROM touched AS t
    INNER JOIN edge.promotion_usages AS o
        ON
            t.promotion_id = o.promotion_id
            AND t.store_id = o.store_id
            AND t.business_on = o.business_on
            AND o.reverses_usage_id IS NULL
    LEFT JOIN edge.promotion_usages AS r
        ON o.store_id = r.store_id AND o.usage_id = r.reverses_usage_id
    GROUP BY o.promotion_id, o.store_id, o.business_on, o.currency
),

saved AS (
    INSERT INTO edge.promotion_effectiveness AS saved (
        promotion_id, store_id, business_on, currency, company_id, uses, taken_back,
        discount_amount, bills, customers, first_used_at, last_used_at, rolled_up_at
    )
    SELECT
        m.promotion_id,
        m.store_id,
        m.business_on,
        m.currency,
        m.company_id,
        m.uses,
        m.taken_back,
        m.discount_amount,
        m.bills,
        m.customers,
        m.first_used_at,
        m.last_used_at,
        %(now)s
    FROM made AS m
    ON CONFLICT (promotion_id, store_id, business_on, currency) DO UPDATE
        SET
            company_id = excluded.company_id,
            uses = excluded.uses,
            taken_back = excluded.taken_back,
            discount_amount = excluded.discount_amount,
            bills = excluded.bills,
            customers = excluded.customers,
            first_used_at = excluded.first_used_at,
            last_used_at = excluded.last_used_at,
            rolled_up_at = excluded.rolled_up_at
        WHERE
        (
            saved.company_id, saved.uses, saved.taken_back, saved.discount_amount, saved.bills,
            saved.customers, saved.first_used_at, saved.last_used_at
        )
        IS DISTINCT FROM (
            excluded.company_id, excluded.uses, excluded.taken_back, excluded.discount_amount,
            excluded.bills, excluded.customers, excluded.first_used_at, excluded.last_used_at
        )
    RETURNING saved.promotion_id
),

noted AS (
    INSERT INTO edge.rollup_progress AS noted (report, processed_before, rolled_up_at)
    VALUES (%(report)s, pg_snapshot_xmin(pg_current_snapshot()), %(now)s)
    ON CONFLICT (report) DO UPDATE
        SET processed_before = excluded.processed_before, rolled_up_at = excluded.rolled_up_at
)

SELECT
    (SELECT count(*) FROM arrived) AS usages_read,
    (SELECT count(*) FROM made) AS rows_made,
    (SELECT count(*) FROM saved) AS rows_changed
