-- Write the day's report of every company anew: promotions that end soon, that nobody uses,
-- that were used more often than they may be, and that no store gets as they do not compile.
-- Params: expiring_days, unused_days, now
WITH todays AS (
    SELECT
        c.company_id,
        (%(now)s::timestamptz AT TIME ZONE c.timezone)::date AS today
    FROM edge.companies AS c
    WHERE c.is_active
),

promotions AS (
    SELECT
        p.promotion_id,
        p.company_id,
        p.code,
        p.name,
        p.start_on,
        p.end_on,
        p.max_uses,
        p.max_uses_per_day,
        p.max_uses_per_customer,
        t.today,
        p.is_active AND p.end_on >= t.today AS is_live
    FROM edge.promotions AS p
    INNER JOIN todays AS t ON p.company_id = t.company_id
),

used AS (
    SELECT
        e.promotion_id,
        sum(e.uses - e.taken_back) AS uses
    FROM edge.promotion_effectiveness AS e
    GROUP BY e.promotion_id
),

worst_days AS (
    SELECT DISTINCT ON (e.promotion_id)
        e.promotion_id,
        e.store_id,
        e.business_on,
        sum(e.uses - e.taken_back) AS uses
    FROM edge.promotion_effectiveness AS e
    INNER JOIN promotions AS p ON e.promotion_id = p.promotion_id
    WHERE p.max_uses_per_day IS NOT NULL
    GROUP BY e.promotion_id, e.store_id, e.business_on
    ORDER BY e.promotion_id ASC, uses DESC, e.business_on DESC, e.store_id ASC
),

by_customer AS (
    SELECT
        u.promotion_id,
        u.customer_id,
        count(*) AS uses
    FROM edge.promotion_usages AS u
    INNER JOIN promotions AS p ON u.promotion_id = p.promotion_id
    LEFT JOIN edge.promotion_usages AS r
        ON u.store_id = r.store_id AND u.usage_id = r.reverses_usage_id
    WHERE
        p.max_uses_per_customer IS NOT NULL
        AND u.customer_id != ''
        AND u.reverses_usage_id IS NULL
        AND r.usage_id IS NULL
    GROUP BY u.promotion_id, u.customer_id
),

customers_over AS (
    SELECT
        b.promotion_id,
        count(*) AS customers
    FROM by_customer AS b
    INNER JOIN promotions AS p ON b.promotion_id = p.promotion_id
    WHERE b.uses > p.max_uses_per_customer
    GROUP BY b.promotion_id
),

over_limits AS (
    SELECT
        p.promotion_id,
        concat_ws(
            '; ',
            CASE
                WHEN u.uses > p.max_uses
                    THEN format('used %%s times of at most %%s', u.uses, p.max_uses)
            END,
            CASE
                WHEN d.uses > p.max_uses_per_day
                    THEN format(
                        'used %%s times of at most %%s a day in store %%s on %%s',
                        d.uses, p.max_uses_per_day, d.store_id, d.business_on
                    )
            END,
            CASE
                WHEN c.customers > 0
                    THEN format(
                        'used more than %%s times by %%s customers',
                        p.max_uses_per_customer, c.customers
                    )
            END
        ) AS detail
    FROM promotions AS p
    LEFT JOIN used AS u ON p.promotion_id = u.promotion_id
    LEFT JOIN worst_days AS d ON p.promotion_id = d.promotion_id
    LEFT JOIN customers_over AS c ON p.promotion_id = c.promotion_id
    WHERE p.is_live
),

findings AS (
    SELECT
        p.promotion_id,
        'expiring' AS finding,
        CASE p.end_on - p.today
            WHEN 0 THEN format('ends on %%s, today', p.end_on)
            WHEN 1 THEN format('ends on %%s, tomorrow', p.end_on)
            ELSE format('ends on %%s, in %%s days', p.end_on, p.end_on - p.today)
        END AS detail
    FROM promotions AS p
    WHERE p.is_live AND p.start_on <= p.today AND p.end_on - p.today <= %(expiring_days)s
    UNION ALL
    SELECT
        p.promotion_id,
        'never_used' AS finding,
        format('runs since %%s, %%s days, and was never used', p.start_on, p.today - p.start_on)
    FROM promotions AS p
    LEFT JOIN used AS u ON p.promotion_id = u.promotion_id
    WHERE
        p.is_live
        AND p.today - p.start_on >= %(unused_days)s
        AND coalesce(u.uses, 0) = 0
    UNION ALL
    SELECT
        o.promotion_id,
        'over_limit' AS finding,
        o.detail
    FROM over_limits AS o
    WHERE o.detail != ''
    UNION ALL
    SELECT
        e.promotion_id,
        'not_compiled' AS finding,
        format('cannot be compiled since %%s: %%s', e.first_failed_at::date, e.reason)
    FROM edge.promotion_compile_errors AS e
    INNER JOIN promotions AS p ON e.promotion_id = p.promotion_id
),

kept AS (
    INSERT INTO edge.promotion_audits AS kept (
        company_id, audited_on, promotion_id, finding, code, name, detail, audited_at
    )
    SELECT
        p.company_id,
        p.today,
        f.promotion_id,
        f.finding,
        p.code,
        p.name,
        f.detail,
        %(now)s
    FROM findings AS f
    INNER JOIN promotions AS p ON f.promotion_id = p.promotion_id
    ON CONFLICT (company_id, audited_on, promotion_id, finding) DO UPDATE
        SET
            code = excluded.code,
            name = excluded.name,
            detail = excluded.detail,
            audited_at = excluded.audited_at
    RETURNING kept.company_id, kept.promotion_id, kept.finding, kept.code, kept.name, kept.detail
),

gone AS (
    DELETE FROM edge.promotion_audits AS a
    USING todays AS t
    WHERE
        a.company_id = t.company_id
        AND a.audited_on = t.today
        AND NOT EXISTS (
            SELECT 1
            FROM findings AS f
            WHERE f.promotion_id = a.promotion_id AND f.finding = a.finding
        )
)

SELECT
    k.company_id::text AS company_id,
    c.code AS company_code,
    k.promotion_id::text AS promotion_id,
    k.finding,
    k.code,
    k.name,
    k.detail
FROM kept AS k
INNER JOIN edge.companies AS c ON k.company_id = c.company_id
ORDER BY k.company_id, k.finding, k.code, k.promotion_id
