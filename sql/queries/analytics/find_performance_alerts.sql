-- Compare each campaign's last complete day with the 14 days before, and keep what is below its
-- own history: opened, updated, resolved. A day that is not over yet is not compared. Returns what
-- nobody was told of, marking it as told.
-- Params: now, defaults (thresholds by name, a workspace's own come first)
WITH judged AS (
    SELECT
        c.campaign_id,
        c.workspace_id,
        c.name,
        ((%(now)s::timestamptz AT TIME ZONE coalesce(a.timezone, 'UTC'))::date - 1) AS day,
        %(defaults)s::jsonb || w.alert_thresholds AS thresholds
    FROM analytics.campaigns AS c
    INNER JOIN analytics.connections AS a ON c.connection_id = a.connection_id
    INNER JOIN analytics.workspaces AS w ON c.workspace_id = w.workspace_id
),

history AS (
    -- Averages over days with data; of ratios the ratio of sums.
    SELECT
        j.campaign_id,
        count(*) AS days,
        sum(m.revenue) FILTER (WHERE m.revenue IS NOT NULL AND m.spend * m.fx_rate IS NOT NULL)
        / nullif(
            sum(m.spend * m.fx_rate) FILTER (WHERE m.revenue IS NOT NULL), 0
        ) AS roas,
        avg(m.spend * m.fx_rate) AS spend,
        avg(m.conversions) AS conversions,
        100.0 * sum(m.clicks) / nullif(sum(m.impressions), 0) AS ctr
    FROM judged AS j
    INNER JOIN analytics.campaign_metrics AS m
        ON j.campaign_id = m.campaign_id AND m.date BETWEEN j.day - 14 AND j.day - 1
    GROUP BY j.campaign_id
    HAVING count(*) >= 3
),

compared AS (
    SELECT
        j.*,
        m.roas,
        m.conversions,
        m.ctr,
        h.roas AS usual_roas,
        h.spend AS usual_spend,
        h.conversions AS usual_conversions,
        h.ctr AS usual_ctr,
        m.spend * m.fx_rate AS spend
    FROM judged AS j
    INNER JOIN history AS h ON j.campaign_id = h.campaign_id
    INNER JOIN analytics.campaign_metrics AS m ON j.campaign_id = m.campaign_id AND j.day = m.date
),

found AS (
    SELECT
        c.campaign_id,
        'roas_drop' AS kind,
        c.day,
        c.workspace_id,
        'high' AS severity,
        format(
            '%%s: ROAS %%s, its average %%s', c.name, round(c.roas, 2), round(c.usual_roas, 2)
        ) AS message
    FROM compared AS c
    WHERE
        c.roas < (c.thresholds ->> 'roas_share')::numeric * c.usual_roas
        AND c.spend > (c.thresholds ->> 'roas_min_spend')::numeric
    UNION ALL
    SELECT
        c.campaign_id,
        'high_spend_low_conversions' AS kind,
        c.day,
        c.workspace_id,
        'medium' AS severity,
        format(
            '%%s: spend %%s, its average %%s; conversions %%s, their average %%s',
            c.name, round(c.spend, 2), round(c.usual_spend, 2), round(c.conversions, 2),
            round(c.usual_conversions, 2)
        ) AS message
    FROM compared AS c
    WHERE
        c.spend > (c.thresholds ->> 'spend_share')::numeric * c.usual_spend
        AND c.conversions < (c.thresholds ->> 'conversions_share')::numeric * c.usual_conversions
    UNION ALL
    SELECT
        c.campaign_id,
        'ctr_drop' AS kind,
        c.day,
        c.workspace_id,
        'low' AS severity,
        format(
            '%%s: CTR %%s %%%%, its average %%s %%%%',
            c.name,
            round(c.ctr, 2),
            round(c.usual_ctr, 2)
        ) AS message
    FROM compared AS c
    WHERE c.ctr < (c.thresholds ->> 'ctr_share')::numeric * c.usual_ctr
),

kept AS (
    INSERT INTO analytics.performance_alerts AS saved (
        campaign_id, kind, date, workspace_id, severity, message, opened_at, updated_at,
        notified_at
    )
    SELECT
        f.campaign_id,
        f.kind,
        f.day,
        f.workspace_id,
        f.severity,
        f.message,
        %(now)s AS opened_at,
        %(now)s AS updated_at,
        %(now)s AS notified_at
    FROM found AS f
    ON CONFLICT (campaign_id, kind, date) DO UPDATE
        SET message = excluded.message, updated_at = excluded.updated_at, resolved_at = NULL
        WHERE saved.message <> excluded.message OR saved.resolved_at IS NOT NULL
    RETURNING saved.workspace_id, saved.message, saved.xmax = 0 AS is_new
),

resolved AS (
    -- No longer true, or of a day before the last: it is the newest day that is judged.
    UPDATE analytics.performance_alerts AS p
    SET resolved_at = %(now)s, updated_at = %(now)s
    WHERE
        p.resolved_at IS NULL
        AND NOT EXISTS (
            SELECT 1 FROM found AS f
            WHERE f.campaign_id = p.campaign_id AND f.kind = p.kind AND f.day = p.date
        )
    RETURNING p.campaign_id
)

SELECT
    k.workspace_id,
    k.message,
    (SELECT count(*) FROM resolved) AS resolved
FROM kept AS k
WHERE k.is_new
ORDER BY k.workspace_id ASC, k.message ASC;
