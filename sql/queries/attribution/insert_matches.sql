-- Say of each visit in its window which campaign it belongs to: by our click log, by an id in the
-- address, by click id or paid utm_source with a campaign name. Several that fit equally well are
-- narrowed to those that ran on that day, and then named, none credited. Visits without paid
-- evidence get no row.
INSERT INTO touch_matches
WITH wanted AS (
    SELECT t.*
    FROM seen_touches AS t
    INNER JOIN taken_orders AS o ON t.order_id = o.order_id
    WHERE t.delta_seconds >= -300 AND t.delta_seconds <= o.window_seconds
),

found AS (
    SELECT
        t.touch_no,
        c.campaign_id,
        c.platform,
        CASE WHEN c.external_id = t.campaign_ref THEN 1 ELSE 2 END AS strength
    FROM wanted AS t
    CROSS JOIN LATERAL unnest(t.campaign_ids) AS given (external_id)
    INNER JOIN analytics.campaigns AS c
        ON t.workspace_id = c.workspace_id AND given.external_id = c.external_id
    WHERE t.click_platform IS NULL OR t.click_platform = c.platform
    UNION ALL
    SELECT
        t.touch_no,
        n.campaign_id,
        n.platform,
        3 AS strength
    FROM wanted AS t
    INNER JOIN analytics.campaign_names AS n
        ON
            t.workspace_id = n.workspace_id
            AND t.campaign_key = n.name_key
            AND t.platform = n.platform
            AND t.occurred_at >= n.valid_from
            AND t.occurred_at < n.valid_until
    WHERE t.is_proven OR t.is_paid
),

strongest AS (
    SELECT
        f.touch_no,
        min(f.strength) AS strength
    FROM found AS f
    GROUP BY f.touch_no
),

fitting AS (
    SELECT
        f.touch_no,
        f.strength,
        min(f.platform) AS platform,
        max(f.platform) AS last_platform,
        min(f.campaign_id) AS campaign_id,
        CASE
            WHEN min(f.campaign_id) <> max(f.campaign_id)
                THEN array_agg(DISTINCT f.campaign_id ORDER BY f.campaign_id)
        END AS candidates
    FROM found AS f
    INNER JOIN strongest AS s ON f.touch_no = s.touch_no AND f.strength = s.strength
    GROUP BY f.touch_no, f.strength
),

running AS (
    SELECT
        f.touch_no,
        min(c.campaign_id) AS campaign_id,
        count(*) AS campaigns
    FROM fitting AS f
    INNER JOIN seen_touches AS t ON f.touch_no = t.touch_no
    CROSS JOIN LATERAL unnest(f.candidates) AS fit (campaign_id)
    INNER JOIN analytics.campaigns AS c ON fit.campaign_id = c.campaign_id
    INNER JOIN analytics.connections AS a ON c.connection_id = a.connection_id
    WHERE
        f.candidates IS NOT NULL
        AND (
            EXISTS (
                SELECT 1 FROM analytics.campaign_metrics AS m
                WHERE
                    m.campaign_id = c.campaign_id
                    AND m.date = (t.occurred_at AT TIME ZONE coalesce(a.timezone, 'UTC'))::date
                    AND m.spend > 0
            )
            OR (
                c.status = 'active'
                AND coalesce(c.starts_at, c.created_on_platform_at, t.occurred_at) <= t.occurred_at
            )
        )
    GROUP BY f.touch_no
)

SELECT
    t.touch_no,
    CASE f.strength
        WHEN 1 THEN 'click_log'
        WHEN 2 THEN 'url_id'
        WHEN 3 THEN 'utm_name'
        ELSE CASE WHEN t.is_proven THEN 'click_id' ELSE 'utm_source' END
    END AS evidence,
    CASE
        WHEN f.touch_no IS NULL OR f.platform <> f.last_platform
            THEN t.platform
        ELSE f.platform
    END AS platform,
    CASE
        WHEN f.candidates IS NULL THEN f.campaign_id
        WHEN r.campaigns = 1 THEN r.campaign_id
    END AS campaign_id,
    CASE WHEN f.candidates IS NOT NULL AND coalesce(r.campaigns, 0) <> 1 THEN f.candidates END
        AS candidates
FROM wanted AS t
LEFT JOIN fitting AS f ON t.touch_no = f.touch_no
LEFT JOIN running AS r ON t.touch_no = r.touch_no
WHERE
    CASE
        WHEN f.touch_no IS NULL THEN t.is_proven OR t.is_paid
        ELSE f.platform = f.last_platform OR t.platform IS NOT NULL
    END;
