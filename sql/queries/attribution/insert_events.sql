-- Turn shares into weights and money: whole billionths and whole minor units by largest remainder,
-- the earliest visit first among equals, so that the parts are exactly the whole. Refunds are
-- shared like the order, and taken off.
-- Params: rule_version
INSERT INTO new_events (
    order_id, attribution_type, ordinal, workspace_id, event_type, event_time, event_date, platform,
    campaign_id, candidates, evidence, weight, currency, gross_value, conversion_value, order_rate,
    touch_key, touched_at, attributed_click_id, utm_source, utm_medium, utm_campaign, utm_content,
    utm_term, referrer, flags, rule_version, computed_at
)
WITH parts AS (
    SELECT
        c.*,
        o.minor_digits,
        sum(c.raw_weight) OVER share AS total_weight,
        abs(o.gross) * power(10::numeric, o.minor_digits) AS gross_units,
        abs(o.refunded) * power(10::numeric, o.minor_digits) AS refunded_units,
        1000000000::numeric AS weight_units,
        sign(o.gross) AS gross_sign,
        sign(o.refunded) AS refunded_sign
    FROM touch_credits AS c
    INNER JOIN taken_orders AS o ON c.order_id = o.order_id
    WINDOW share AS (PARTITION BY c.order_id, c.model_name)
),

floors AS (
    SELECT
        p.*,
        div(p.weight_units * p.raw_weight, p.total_weight) AS weight_floor,
        mod(p.weight_units * p.raw_weight, p.total_weight) AS weight_rest,
        div(p.gross_units * p.raw_weight, p.total_weight) AS gross_floor,
        mod(p.gross_units * p.raw_weight, p.total_weight) AS gross_rest,
        div(p.refunded_units * p.raw_weight, p.total_weight) AS refunded_floor,
        mod(p.refunded_units * p.raw_weight, p.total_weight) AS refunded_rest
    FROM parts AS p
),

ranks AS (
    SELECT
        f.*,
        f.weight_units - sum(f.weight_floor) OVER share AS weight_left,
        f.gross_units - sum(f.gross_floor) OVER share AS gross_left,
        f.refunded_units - sum(f.refunded_floor) OVER share AS refunded_left,
        row_number() OVER (
            PARTITION BY f.order_id, f.model_name ORDER BY f.weight_rest DESC, f.ordinal ASC
        ) AS weight_rank,
        row_number() OVER (
            PARTITION BY f.order_id, f.model_name ORDER BY f.gross_rest DESC, f.ordinal ASC
        ) AS gross_rank,
        row_number() OVER (
            PARTITION BY f.order_id, f.model_name ORDER BY f.refunded_rest DESC, f.ordinal ASC
        ) AS refunded_rank
    FROM floors AS f
    WINDOW share AS (PARTITION BY f.order_id, f.model_name)
),

amounts AS (
    SELECT
        r.*,
        (r.weight_floor + (r.weight_rank <= r.weight_left)::integer) / 1000000000 AS weight,
        r.gross_sign * (r.gross_floor + (r.gross_rank <= r.gross_left)::integer)
        / power(10::numeric, r.minor_digits) AS gross_value,
        r.refunded_sign * (r.refunded_floor + (r.refunded_rank <= r.refunded_left)::integer)
        / power(10::numeric, r.minor_digits) AS refunded_value
    FROM ranks AS r
),

odd AS (
    -- What is wrong with visits that were left out: they seem to come after the order.
    SELECT
        t.order_id,
        array_agg(
            DISTINCT CASE
                WHEN -t.delta_seconds = o.utc_offset_seconds THEN 'zone_mixup'
                ELSE 'touch_after_order'
            END
        ) AS flags
    FROM seen_touches AS t
    INNER JOIN taken_orders AS o ON t.order_id = o.order_id
    WHERE t.delta_seconds < -300 AND NOT t.is_logged
    GROUP BY t.order_id
)

SELECT
    a.order_id,
    a.model_name AS attribution_type,
    a.ordinal,
    o.workspace_id,
    'purchase' AS event_type,
    o.ordered_at AS event_time,
    o.order_day AS event_date,
    a.platform,
    a.campaign_id,
    a.candidates,
    CASE
        WHEN a.evidence = 'not_attributable' THEN a.evidence || ':' || o.not_attributable
        ELSE a.evidence
    END AS evidence,
    a.weight,
    o.currency,
    a.gross_value,
    a.gross_value - a.refunded_value AS conversion_value,
    o.order_rate,
    CASE WHEN s.is_logged THEN 'click:' || s.touch_key ELSE 'shop:' || s.touch_key END AS touch_key,
    s.occurred_at AS touched_at,
    coalesce(k.click_id, t.click_value) AS attributed_click_id,
    coalesce(k.utm_source, t.utm_source) AS utm_source,
    coalesce(k.utm_medium, t.utm_medium) AS utm_medium,
    coalesce(k.utm_campaign, t.utm_campaign) AS utm_campaign,
    coalesce(k.utm_content, t.utm_content) AS utm_content,
    coalesce(k.utm_term, t.utm_term) AS utm_term,
    coalesce(k.referrer, t.referrer) AS referrer,
    array(
        SELECT DISTINCT flag.word
        FROM
            unnest(
                o.flags || s.flags || d.flags
                || CASE WHEN s.delta_seconds < 0 THEN ARRAY['clock_skew'] END
                || CASE WHEN a.candidates IS NOT NULL THEN ARRAY['ambiguous'] END
            ) AS flag (word)
        ORDER BY flag.word
    ) AS flags,
    %(rule_version)s::bigint,
    now() AS computed_at
FROM amounts AS a
INNER JOIN taken_orders AS o ON a.order_id = o.order_id
LEFT JOIN seen_touches AS s ON a.touch_no = s.touch_no
LEFT JOIN odd AS d ON a.order_id = d.order_id
LEFT JOIN analytics.click_events AS k
    ON s.is_logged AND o.workspace_id = k.workspace_id AND s.touch_key = k.click_id
LEFT JOIN analytics.order_touches AS t
    ON NOT s.is_logged AND a.order_id = t.order_id AND s.touch_key = t.touch_key;
