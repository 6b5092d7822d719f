-- Compute the totals of the stale days per workspace and platform, claimed next to attributed, and
-- write what differs. A sum in which one amount has no rate is unknown.
WITH taken AS (
    DELETE FROM analytics.stale_days RETURNING workspace_id, date
),

claimed AS (
    SELECT
        t.workspace_id,
        t.date,
        c.platform,
        sum(m.impressions) AS impressions,
        sum(m.clicks) AS clicks,
        sum(m.spend * m.fx_rate) AS spend,
        sum(m.conversions) AS conversions,
        sum(m.revenue) AS revenue,
        count(*) FILTER (WHERE m.fx_rate IS NULL AND m.spend IS NOT NULL) AS lost_spend,
        count(*) FILTER (WHERE m.fx_rate IS NULL AND m.conversion_value IS NOT NULL)
            AS lost_revenue
    FROM taken AS t
    INNER JOIN analytics.campaigns AS c ON t.workspace_id = c.workspace_id
    INNER JOIN analytics.campaign_metrics AS m ON c.campaign_id = m.campaign_id AND t.date = m.date
    GROUP BY t.workspace_id, t.date, c.platform
),

credits AS (
    SELECT
        e.workspace_id,
        e.event_date AS date,
        e.currency,
        e.order_rate,
        w.reporting_currency,
        coalesce(e.platform, 'none') AS platform,
        sum(e.weight) AS conversions,
        sum(e.gross_value) AS gross,
        sum(e.conversion_value) AS net
    FROM taken AS t
    INNER JOIN analytics.workspaces AS w ON t.workspace_id = w.workspace_id
    INNER JOIN analytics.attribution_events AS e
        ON
            t.workspace_id = e.workspace_id
            AND t.date = e.event_date
            AND e.attribution_type = w.attribution_models[1]
    GROUP BY
        e.workspace_id, e.event_date, coalesce(e.platform, 'none'), e.currency, e.order_rate,
        w.reporting_currency
),

day_rates AS MATERIALIZED (
    SELECT
        d.*,
        analytics.convert_rate(d.currency, d.reporting_currency, d.date) AS fx_rate
    FROM (SELECT DISTINCT c.currency, c.reporting_currency, c.date FROM credits AS c) AS d
),

attributed AS (
    SELECT
        c.workspace_id,
        c.date,
        c.platform,
        sum(c.conversions) AS conversions,
        sum(c.gross * coalesce(c.order_rate, r.fx_rate)) AS gross,
        sum(c.net * coalesce(c.order_rate, r.fx_rate)) AS net,
        count(*) FILTER (WHERE coalesce(c.order_rate, r.fx_rate) IS NULL) AS lost
    FROM credits AS c
    INNER JOIN day_rates AS r
        ON
            c.currency = r.currency
            AND c.reporting_currency = r.reporting_currency
            AND c.date = r.date
    GROUP BY c.workspace_id, c.date, c.platform
),

totals AS (
    SELECT
        w.workspace_id,
        w.reporting_currency AS currency,
        c.impressions,
        c.clicks,
        c.conversions AS claimed_conversions,
        a.conversions AS attributed_conversions,
        coalesce(c.date, a.date) AS date,
        coalesce(c.platform, a.platform) AS platform,
        CASE WHEN c.lost_spend = 0 THEN round(c.spend, 6) END AS spend,
        CASE WHEN c.lost_revenue = 0 THEN round(c.revenue, 6) END AS claimed_revenue,
        CASE WHEN a.lost = 0 THEN round(a.gross, 6) END AS attributed_gross,
        CASE WHEN a.lost = 0 THEN round(a.net, 6) END AS attributed_revenue,
        coalesce(c.lost_spend, 0) + coalesce(a.lost, 0) AS unconverted
    FROM claimed AS c
    FULL JOIN attributed AS a
        ON c.workspace_id = a.workspace_id AND c.date = a.date AND c.platform = a.platform
    INNER JOIN analytics.workspaces AS w
        ON coalesce(c.workspace_id, a.workspace_id) = w.workspace_id
),

gone AS (
    DELETE FROM analytics.workspace_daily AS d
    USING taken AS t
    WHERE
        d.workspace_id = t.workspace_id
        AND d.date = t.date
        AND NOT EXISTS (
            SELECT 1 FROM totals AS n
            WHERE
                n.workspace_id = d.workspace_id AND n.date = d.date AND n.platform = d.platform
        )
),

written AS (
    INSERT INTO analytics.workspace_daily AS saved (
        workspace_id, date, platform, currency, impressions, clicks, spend, claimed_conversions,
        claimed_revenue, attributed_conversions, attributed_gross, attributed_revenue, unconverted
    )
    SELECT
        n.workspace_id,
        n.date,
        n.platform,
        n.currency,
        n.impressions,
        n.clicks,
        n.spend,
        n.claimed_conversions,
        n.claimed_revenue,
        n.attributed_conversions,
        n.attributed_gross,
        n.attributed_revenue,
        n.unconverted
    FROM totals AS n
    ON CONFLICT (workspace_id, date, platform) DO UPDATE
        SET
            currency = excluded.currency,
            impressions = excluded.impressions,
            clicks = excluded.clicks,
            spend = excluded.spend,
            claimed_conversions = excluded.claimed_conversions,
            claimed_revenue = excluded.claimed_revenue,
            attributed_conversions = excluded.attributed_conversions,
            attributed_gross = excluded.attributed_gross,
            attributed_revenue = excluded.attributed_revenue,
            unconverted = excluded.unconverted,
            updated_at = now()
        WHERE
        (
            saved.currency, saved.impressions, saved.clicks, saved.spend,
            saved.claimed_conversions, saved.claimed_revenue, saved.attributed_conversions,
            saved.attributed_gross, saved.attributed_revenue, saved.unconverted
        ) IS DISTINCT FROM (
            excluded.currency, excluded.impressions, excluded.clicks, excluded.spend,
            excluded.claimed_conversions, excluded.claimed_revenue,
            excluded.attributed_conversions, excluded.attributed_gross,
            excluded.attributed_revenue, excluded.unconverted
        )
    RETURNING saved.workspace_id
)

SELECT
    (SELECT count(*) FROM taken) AS taken_days,
    (SELECT count(*) FROM written) AS written;
