-- Compute the dashboards of all workspaces (or one) at once: four ranges that end today, in the
-- workspace's timezone, and the range before each. Revenue and conversions are the attributed ones.
-- A sum over a day that is unknown for want of a rate is unknown.
-- Params: now, workspace_id (NULL: all)
WITH ranges AS (
    SELECT
        w.workspace_id,
        w.reporting_currency,
        r.name,
        r.days,
        (%(now)s::timestamptz AT TIME ZONE w.timezone)::date AS today
    FROM analytics.workspaces AS w
    CROSS JOIN (
        VALUES ('today', 1), ('7_days', 7), ('30_days', 30), ('90_days', 90)
    ) AS r (name, days)
    WHERE %(workspace_id)s::bigint IS NULL OR w.workspace_id = %(workspace_id)s::bigint
),

days AS MATERIALIZED (
    SELECT
        d.workspace_id,
        d.date,
        sum(d.spend) AS spend,
        sum(d.attributed_revenue) FILTER (WHERE d.platform <> 'none') AS revenue,
        sum(d.impressions) AS impressions,
        sum(d.clicks) AS clicks,
        sum(d.attributed_conversions) FILTER (WHERE d.platform <> 'none') AS conversions,
        sum(d.unconverted) FILTER (WHERE d.platform <> 'none') AS unconverted
    FROM analytics.workspace_daily AS d
    INNER JOIN analytics.workspaces AS w ON d.workspace_id = w.workspace_id
    WHERE d.date > (%(now)s::timestamptz AT TIME ZONE w.timezone)::date - 180
    GROUP BY d.workspace_id, d.date
),

sums AS (
    SELECT
        r.workspace_id,
        r.reporting_currency,
        r.name,
        d.date <= r.today - r.days AS is_before,
        CASE WHEN sum(d.unconverted) > 0 THEN NULL ELSE sum(d.spend) END AS spend,
        CASE WHEN sum(d.unconverted) > 0 THEN NULL ELSE sum(d.revenue) END AS revenue,
        sum(d.impressions) AS impressions,
        sum(d.clicks) AS clicks,
        sum(d.conversions) AS conversions
    FROM ranges AS r
    LEFT JOIN days AS d
        ON
            r.workspace_id = d.workspace_id
            AND d.date > r.today - 2 * r.days
            AND r.today >= d.date
    GROUP BY r.workspace_id, r.reporting_currency, r.name, d.date <= r.today - r.days
)

SELECT
    s.workspace_id,
    s.reporting_currency,
    s.name,
    s.spend AS total_spend,
    s.revenue AS total_revenue,
    s.impressions,
    s.clicks,
    s.conversions,
    coalesce(s.is_before, FALSE) AS is_before,
    round(s.revenue / nullif(s.spend, 0), 6) AS roas,
    round(100.0 * s.clicks / nullif(s.impressions, 0), 6) AS ctr,
    round(s.spend / nullif(s.clicks, 0), 6) AS cpc
FROM sums AS s
ORDER BY s.workspace_id ASC;
