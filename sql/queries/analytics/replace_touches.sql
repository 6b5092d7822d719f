-- Replace the visits of the orders just written; those of an order whose visits the shop still
-- works on stay as they are.
-- Params: workspace_id
WITH ready AS (
    SELECT c.*
    FROM changed_orders AS c
    INNER JOIN staged_orders AS s ON c.ordinal = s.ordinal
    WHERE s.touches_ready OR EXISTS (
        SELECT 1 FROM staged_touches AS t
        WHERE t.ordinal = c.ordinal
    )
),

gone AS (
    DELETE FROM analytics.order_touches AS o
    USING ready AS r
    WHERE
        o.order_id = r.order_id
        AND NOT EXISTS (
            SELECT 1 FROM staged_touches AS t
            WHERE t.ordinal = r.ordinal AND t.touch_key = o.touch_key
        )
)

INSERT INTO analytics.order_touches (
    order_id, workspace_id, touch_key, occurred_at, landing_url, referrer, utm_source, utm_medium,
    utm_campaign, utm_content, utm_term, source_platform, click_platform, click_value, campaign_ref,
    medium_key, campaign_key, campaign_ids, referrer_kind, flags, rule_version
)
SELECT
    r.order_id,
    %(workspace_id)s,
    t.touch_key,
    t.occurred_at,
    t.landing_url,
    t.referrer,
    t.utm_source,
    t.utm_medium,
    t.utm_campaign,
    t.utm_content,
    t.utm_term,
    t.source_platform,
    t.click_platform,
    t.click_value,
    t.campaign_ref,
    t.medium_key,
    t.campaign_key,
    t.campaign_ids,
    t.referrer_kind,
    t.flags,
    t.rule_version
FROM ready AS r
INNER JOIN staged_touches AS t ON r.ordinal = t.ordinal
ON CONFLICT (order_id, touch_key) DO UPDATE
    SET
        occurred_at = excluded.occurred_at,
        landing_url = excluded.landing_url,
        referrer = excluded.referrer,
        utm_source = excluded.utm_source,
        utm_medium = excluded.utm_medium,
        utm_campaign = excluded.utm_campaign,
        utm_content = excluded.utm_content,
        utm_term = excluded.utm_term,
        source_platform = excluded.source_platform,
        click_platform = excluded.click_platform,
        click_value = excluded.click_value,
        medium_key = excluded.medium_key,
        campaign_key = excluded.campaign_key,
        campaign_ids = excluded.campaign_ids,
        referrer_kind = excluded.referrer_kind,
        flags = excluded.flags,
        rule_version = excluded.rule_version;
