-- Share each taken order among its paid visits, by each of the workspace's models, in whole
-- numbers that are exact shares. Our click log is the witness where it saw a paid visit, the shop
-- where it did not: the two may tell of the same visit. Then coupons; then nobody.
-- Params: decay_seconds (half-life)
INSERT INTO touch_credits
WITH witnessed AS (
    SELECT
        t.order_id,
        t.touch_no,
        t.touch_key,
        t.occurred_at,
        greatest(t.delta_seconds, 0) AS delta_seconds,
        t.is_logged,
        f.evidence,
        f.platform,
        f.campaign_id,
        f.candidates,
        bool_or(t.is_logged) OVER (PARTITION BY t.order_id) AS log_knows
    FROM seen_touches AS t
    INNER JOIN touch_matches AS f ON t.touch_no = f.touch_no
),

placed AS (
    SELECT
        w.*,
        row_number() OVER sequence AS ordinal,
        count(*) OVER (PARTITION BY w.order_id) AS touches,
        min(w.delta_seconds) OVER (PARTITION BY w.order_id) AS newest_delta
    FROM witnessed AS w
    WHERE w.is_logged = w.log_knows
    WINDOW sequence AS (PARTITION BY w.order_id ORDER BY w.occurred_at, w.touch_key)
),

coupon_fits AS (
    SELECT
        o.order_id,
        min(k.platform) AS platform,
        min(k.campaign_id) AS campaign_id
    FROM taken_orders AS o
    INNER JOIN analytics.coupons AS k
        ON o.workspace_id = k.workspace_id AND k.coupon_key = any(o.coupons)
    WHERE o.counts AND o.not_attributable IS NULL
    GROUP BY o.order_id
    HAVING count(DISTINCT concat_ws(':', k.platform, k.campaign_id)) = 1
),

last_visits AS (
    SELECT DISTINCT ON (t.order_id)
        t.order_id,
        t.touch_no,
        CASE WHEN t.click_platform IS NOT NULL THEN 'unproven_click_id' ELSE t.referrer_kind END
            AS evidence
    FROM seen_touches AS t
    INNER JOIN taken_orders AS o ON t.order_id = o.order_id
    WHERE t.delta_seconds >= -300 AND t.delta_seconds <= o.window_seconds
    ORDER BY t.order_id ASC, t.occurred_at DESC, t.touch_key DESC
),

rest AS (
    SELECT
        o.order_id,
        o.models,
        CASE WHEN c.order_id IS NULL AND o.not_attributable IS NULL THEN l.touch_no END AS touch_no,
        CASE
            WHEN o.not_attributable IS NOT NULL THEN 'not_attributable'
            WHEN c.order_id IS NOT NULL THEN 'coupon'
            ELSE coalesce(l.evidence, 'no_visit')
        END AS evidence,
        c.platform,
        c.campaign_id
    FROM taken_orders AS o
    LEFT JOIN coupon_fits AS c ON o.order_id = c.order_id
    LEFT JOIN last_visits AS l ON o.order_id = l.order_id
    WHERE o.counts AND NOT EXISTS (
        SELECT 1 FROM placed AS p
        WHERE p.order_id = o.order_id
    )
),

shared AS (
    SELECT
        p.order_id,
        m.model_name,
        p.ordinal,
        p.touch_no,
        p.evidence,
        p.platform,
        p.campaign_id,
        p.candidates,
        CASE m.model_name
            WHEN 'last_click' THEN (p.ordinal = p.touches)::integer
            WHEN 'first_click' THEN (p.ordinal = 1)::integer
            WHEN 'linear' THEN 1
            -- Four tenths each to first and last, two to those between; halves where there are two.
            WHEN 'position_based'
                THEN
                    CASE
                        WHEN p.touches > 2 AND p.ordinal IN (1, p.touches) THEN 2 * (p.touches - 2)
                        ELSE 1
                    END
            -- Relative to the newest, so that a long window cannot underflow; 31 bits each.
            WHEN 'time_decay' THEN
                round(
                    2147483648 * power(
                        2::double precision,
                        (p.newest_delta - p.delta_seconds)::double precision / %(decay_seconds)s
                    )
                )::bigint
        END AS raw_weight
    FROM placed AS p
    INNER JOIN taken_orders AS o ON p.order_id = o.order_id
    CROSS JOIN LATERAL unnest(o.models) AS m (model_name)
)

SELECT s.*
FROM shared AS s
WHERE s.raw_weight > 0
UNION ALL
SELECT
    r.order_id,
    m.model_name,
    1 AS ordinal,
    r.touch_no,
    r.evidence,
    r.platform,
    r.campaign_id,
    NULL::bigint[] AS candidates,
    1 AS raw_weight
FROM rest AS r
CROSS JOIN LATERAL unnest(r.models) AS m (model_name);
