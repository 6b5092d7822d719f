-- A workspace's days by platform. An amount is unknown where a rate of the day is missing.
-- Params: workspace_id, since, until (both days included)
SELECT
    d.date,
    d.platform,
    d.impressions,
    d.clicks,
    d.claimed_conversions,
    d.attributed_conversions,
    d.spend,
    d.claimed_revenue,
    d.attributed_revenue,
    d.unconverted > 0 AS is_unknown
FROM analytics.workspace_daily AS d
WHERE d.workspace_id = %(workspace_id)s AND d.date BETWEEN %(since)s AND %(until)s
ORDER BY d.date, d.platform
