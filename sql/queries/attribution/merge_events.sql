-- Write the events that are new or differ from what is stored, and mark their days.
WITH changed AS (
    INSERT INTO analytics.attribution_events AS saved
    SELECT n.* FROM new_events AS n
    ON CONFLICT (order_id, attribution_type, ordinal) DO UPDATE
        SET
            event_time = excluded.event_time,
            event_date = excluded.event_date,
            platform = excluded.platform,
            campaign_id = excluded.campaign_id,
            candidates = excluded.candidates,
            evidence = excluded.evidence,
            weight = excluded.weight,
            currency = excluded.currency,
            gross_value = excluded.gross_value,
            conversion_value = excluded.conversion_value,
            order_rate = excluded.order_rate,
            touch_key = excluded.touch_key,
            touched_at = excluded.touched_at,
            attributed_click_id = excluded.attributed_click_id,
            utm_source = excluded.utm_source,
            utm_medium = excluded.utm_medium,
            utm_campaign = excluded.utm_campaign,
            utm_content = excluded.utm_content,
            utm_term = excluded.utm_term,
            referrer = excluded.referrer,
            flags = excluded.flags,
            rule_version = excluded.rule_version,
            computed_at = excluded.computed_at
        WHERE
        (
            saved.event_time, saved.event_date, saved.platform, saved.campaign_id,
            saved.candidates, saved.evidence, saved.weight, saved.currency, saved.gross_value,
            saved.conversion_value, saved.order_rate, saved.touch_key, saved.touched_at,
            saved.attributed_click_id, saved.utm_source, saved.utm_medium, saved.utm_campaign,
            saved.utm_content, saved.utm_term, saved.referrer, saved.flags, saved.rule_version
        ) IS DISTINCT FROM (
            excluded.event_time, excluded.event_date, excluded.platform, excluded.campaign_id,
            excluded.candidates, excluded.evidence, excluded.weight, excluded.currency,
            excluded.gross_value, excluded.conversion_value, excluded.order_rate,
            excluded.touch_key, excluded.touched_at, excluded.attributed_click_id,
            excluded.utm_source, excluded.utm_medium, excluded.utm_campaign,
            excluded.utm_content, excluded.utm_term, excluded.referrer, excluded.flags,
            excluded.rule_version
        )
    RETURNING saved.workspace_id, saved.event_date
),

marked AS (
    INSERT INTO analytics.stale_days (workspace_id, date)
    SELECT DISTINCT
        c.workspace_id,
        c.event_date
    FROM changed AS c
    ORDER BY c.workspace_id ASC, c.event_date ASC
    ON CONFLICT DO NOTHING
)

SELECT count(*) AS changed FROM changed;
