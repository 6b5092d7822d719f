-- Bring together the visits that may have led to each taken order: those the shop remembers, and
-- those of our click log that the same browser made.
INSERT INTO seen_touches
WITH visits AS (
    SELECT
        o.order_id,
        FALSE AS is_logged,
        t.touch_key,
        t.occurred_at,
        t.source_platform,
        t.click_platform,
        t.medium_key,
        t.campaign_ref,
        t.campaign_key,
        t.campaign_ids,
        t.referrer_kind,
        t.flags
    FROM taken_orders AS o
    INNER JOIN analytics.order_touches AS t ON o.order_id = t.order_id
    WHERE o.counts AND o.not_attributable IS NULL
    UNION ALL
    -- A click has one visitor, so it comes once however many visitors an order has.
    SELECT
        o.order_id,
        TRUE AS is_logged,
        c.click_id AS touch_key,
        c.occurred_at,
        c.source_platform,
        c.click_platform,
        c.medium_key,
        c.campaign_ref,
        c.campaign_key,
        c.campaign_ids,
        c.referrer_kind,
        c.flags
    FROM taken_orders AS o
    INNER JOIN analytics.order_visitors AS v
        ON o.connection_id = v.connection_id AND o.external_id = v.external_id
    INNER JOIN analytics.click_events AS c
        ON
            o.workspace_id = c.workspace_id
            AND v.visitor_id = c.visitor_id
            AND c.occurred_at >= o.ordered_at - make_interval(secs => o.window_seconds)
            AND c.occurred_at <= o.ordered_at + interval '300 seconds'
    WHERE o.counts AND o.not_attributable IS NULL
    UNION ALL
    -- The order carries our click id itself: the click counts, whatever browser made it.
    SELECT
        o.order_id,
        TRUE AS is_logged,
        c.click_id AS touch_key,
        c.occurred_at,
        c.source_platform,
        c.click_platform,
        c.medium_key,
        c.campaign_ref,
        c.campaign_key,
        c.campaign_ids,
        c.referrer_kind,
        c.flags
    FROM taken_orders AS o
    CROSS JOIN LATERAL unnest(o.own_click_ids) AS own (click_id)
    INNER JOIN analytics.click_events AS c
        ON o.workspace_id = c.workspace_id AND own.click_id = c.click_id
    WHERE
        o.counts
        AND o.not_attributable IS NULL
        AND NOT EXISTS (
            SELECT 1 FROM analytics.order_visitors AS v
            WHERE
                v.connection_id = o.connection_id
                AND v.external_id = o.external_id
                AND v.visitor_id = c.visitor_id
        )
)

SELECT
    row_number() OVER () AS touch_no,
    v.order_id,
    o.workspace_id,
    v.is_logged,
    v.touch_key,
    v.occurred_at,
    -- Both are whole seconds: sources have no finer ones.
    extract(EPOCH FROM o.ordered_at - v.occurred_at)::bigint AS delta_seconds,
    coalesce(v.click_platform, v.source_platform) AS platform,
    v.click_platform,
    -- A source without a medium, as people type it by hand, is no proof that somebody paid.
    v.source_platform IS NOT NULL AND coalesce(v.medium_key = any(o.paid_media), FALSE) AS is_paid,
    -- Only Meta's click id is appended to links that nobody paid for, too.
    v.click_platform IS NOT NULL AND (v.click_platform <> 'meta' OR o.counts_unproven_clicks)
        AS is_proven,
    v.campaign_ref,
    v.campaign_key,
    v.campaign_ids,
    v.referrer_kind,
    v.flags
FROM visits AS v
INNER JOIN taken_orders AS o ON v.order_id = o.order_id;
