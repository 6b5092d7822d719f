-- Look for figures of the last 30 days that cannot be right or do not agree, and keep what is
-- found: opened, updated, resolved when it is no longer so. Returns how many are open, by kind.
-- Params: now, since (the first day looked at)
WITH days AS (
    SELECT
        m.*,
        c.workspace_id
    FROM analytics.campaign_metrics AS m
    INNER JOIN analytics.campaigns AS c ON m.campaign_id = c.campaign_id
    WHERE m.date >= %(since)s
),

campaign_sums AS (
    SELECT
        c.connection_id,
        m.date,
        sum(m.spend) AS spend
    FROM analytics.campaign_metrics AS m
    INNER JOIN analytics.campaigns AS c ON m.campaign_id = c.campaign_id
    WHERE m.date >= %(since)s
    GROUP BY c.connection_id, m.date
),

listed_days AS (
    SELECT
        c.connection_id,
        a.workspace_id,
        min(m.date) AS first_day,
        max(m.date) AS last_day
    FROM analytics.campaign_metrics AS m
    INNER JOIN analytics.campaigns AS c ON m.campaign_id = c.campaign_id
    INNER JOIN analytics.connections AS a ON c.connection_id = a.connection_id
    WHERE m.date >= %(since)s
    GROUP BY c.connection_id, a.workspace_id
),

found AS (
    SELECT
        'missing_metrics' AS kind,
        'campaign:' || c.campaign_id AS subject,
        (%(now)s::timestamptz AT TIME ZONE coalesce(a.timezone, 'UTC'))::date AS day,
        c.workspace_id,
        format('%%s is active and has no figures for a week', c.name) AS detail
    FROM analytics.campaigns AS c
    INNER JOIN analytics.connections AS a ON c.connection_id = a.connection_id
    INNER JOIN analytics.sync_state AS s ON a.connection_id = s.connection_id
    WHERE
        c.status = 'active'
        AND a.status = 'active'
        AND s.first_synced_at IS NOT NULL
        AND coalesce(c.starts_at <= %(now)s::timestamptz - interval '7 days', TRUE)
        AND coalesce(c.ends_at > %(now)s, TRUE)
        AND NOT EXISTS (
            SELECT 1 FROM analytics.campaign_metrics AS m
            WHERE
                m.campaign_id = c.campaign_id
                AND m.date > (%(now)s::timestamptz - interval '8 days')::date
        )
    UNION ALL
    SELECT
        'invalid_ctr' AS kind,
        'campaign:' || d.campaign_id AS subject,
        d.date AS day,
        d.workspace_id,
        format('CTR %%s percent', d.ctr) AS detail
    FROM days AS d
    WHERE d.ctr > 100
    UNION ALL
    SELECT
        'clicks_over_impressions' AS kind,
        'campaign:' || d.campaign_id AS subject,
        d.date AS day,
        d.workspace_id,
        format('%%s clicks of %%s impressions', d.clicks, d.impressions) AS detail
    FROM days AS d
    WHERE d.clicks > d.impressions
    UNION ALL
    SELECT
        'suspicious_roas' AS kind,
        'campaign:' || d.campaign_id AS subject,
        d.date AS day,
        d.workspace_id,
        format('claimed ROAS %%s', d.roas) AS detail
    FROM days AS d
    WHERE d.roas > 1000
    UNION ALL
    SELECT
        'negative_value' AS kind,
        'campaign:' || d.campaign_id AS subject,
        d.date AS day,
        d.workspace_id,
        format(
            'impressions %%s, clicks %%s, spend %%s, conversions %%s, value %%s',
            d.impressions, d.clicks, d.spend, d.conversions, d.conversion_value
        ) AS detail
    FROM days AS d
    WHERE least(d.impressions, d.clicks, d.spend, d.conversions, d.conversion_value) < 0
    UNION ALL
    SELECT
        'missing_days' AS kind,
        'connection:' || l.connection_id AS subject,
        g.day::date AS day,
        l.workspace_id,
        'no campaign has figures on this day, those around it have' AS detail
    FROM listed_days AS l
    CROSS JOIN LATERAL generate_series(l.first_day, l.last_day, interval '1 day') AS g (day)
    WHERE
        NOT EXISTS (
            SELECT 1 FROM campaign_sums AS s
            WHERE s.connection_id = l.connection_id AND s.date = g.day::date
        )
    UNION ALL
    SELECT
        'account_total' AS kind,
        'connection:' || t.connection_id AS subject,
        t.date AS day,
        a.workspace_id,
        format('the account spent %%s, its campaigns %%s', t.spend, coalesce(s.spend, 0)) AS detail
    FROM analytics.account_days AS t
    INNER JOIN analytics.connections AS a ON t.connection_id = a.connection_id
    LEFT JOIN campaign_sums AS s ON t.connection_id = s.connection_id AND t.date = s.date
    WHERE t.date >= %(since)s AND abs(t.spend - coalesce(s.spend, 0)) > 0.01
    UNION ALL
    -- Windows and days differ between the two, so that only a week says anything.
    SELECT
        'claimed_against_attributed' AS kind,
        'workspace:' || d.workspace_id || ':' || d.platform AS subject,
        max(d.date) AS day,
        d.workspace_id,
        format(
            'last 7 days: %%s claimed, %%s attributed', sum(d.claimed_conversions),
            coalesce(sum(d.attributed_conversions), 0)
        ) AS detail
    FROM analytics.workspace_daily AS d
    WHERE d.date > (%(now)s::timestamptz - interval '7 days')::date AND d.platform <> 'none'
    GROUP BY d.workspace_id, d.platform
    HAVING
        sum(d.claimed_conversions) >= 10
        AND sum(d.claimed_conversions) > 3 * coalesce(sum(d.attributed_conversions), 0)
    UNION ALL
    SELECT
        'missing_rate' AS kind,
        'workspace:' || d.workspace_id || ':' || d.platform AS subject,
        d.date AS day,
        d.workspace_id,
        format('%%s amounts have no exchange rate to %%s', d.unconverted, d.currency) AS detail
    FROM analytics.workspace_daily AS d
    WHERE d.date >= %(since)s AND d.unconverted > 0
    UNION ALL
    SELECT
        'ambiguous_campaign' AS kind,
        'workspace:' || e.workspace_id AS subject,
        e.event_date AS day,
        e.workspace_id,
        format('%%s credits fit several campaigns and went to the platform', count(*)) AS detail
    FROM analytics.attribution_events AS e
    WHERE e.event_date >= %(since)s AND e.candidates IS NOT NULL
    GROUP BY e.workspace_id, e.event_date
    UNION ALL
    SELECT
        'shared_click_id' AS kind,
        'workspace:' || e.workspace_id AS subject,
        max(e.event_date) AS day,
        e.workspace_id,
        format(
            'click id %%s has led to %%s customers',
            left(t.click_value, 40),
            count(DISTINCT o.customer_key)
        ) AS detail
    FROM analytics.attribution_events AS e
    INNER JOIN analytics.orders AS o ON e.order_id = o.order_id
    INNER JOIN analytics.order_touches AS t ON o.order_id = t.order_id
    WHERE e.event_date >= %(since)s AND t.click_value IS NOT NULL
    GROUP BY e.workspace_id, t.click_value
    HAVING count(DISTINCT o.customer_key) > 3
),

distinct_found AS (
    SELECT DISTINCT ON (f.kind, f.subject, f.day) f.*
    FROM found AS f
    ORDER BY f.kind ASC, f.subject ASC, f.day ASC, f.detail ASC
),

kept AS (
    INSERT INTO analytics.consistency_issues AS saved (
        kind, subject, date, workspace_id, detail, opened_at, updated_at
    )
    SELECT
        f.kind,
        f.subject,
        f.day,
        f.workspace_id,
        f.detail,
        %(now)s AS opened_at,
        %(now)s AS updated_at
    FROM distinct_found AS f
    ON CONFLICT (kind, subject, date) DO UPDATE
        SET detail = excluded.detail, updated_at = excluded.updated_at, resolved_at = NULL
        WHERE saved.detail <> excluded.detail OR saved.resolved_at IS NOT NULL
),

resolved AS (
    UPDATE analytics.consistency_issues AS i
    SET resolved_at = %(now)s, updated_at = %(now)s
    WHERE
        i.resolved_at IS NULL
        AND i.kind <> 'order_count'
        AND NOT EXISTS (
            SELECT 1 FROM distinct_found AS f
            WHERE f.kind = i.kind AND f.subject = i.subject AND f.day = i.date
        )
)

SELECT
    f.kind,
    count(*) AS issues
FROM distinct_found AS f
GROUP BY f.kind
ORDER BY f.kind ASC;
