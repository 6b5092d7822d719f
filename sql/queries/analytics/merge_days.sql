-- Merge the staged campaign-days of all pulls: what differs is written, and its day is marked.
-- Where a pull was complete, stored days of its range that it lacks had no delivery and are
-- removed, unless that is suspiciously much. Returns of each pull what was written, removed, and
-- kept although it was missing.
-- Params: max_removed_share, max_removed_rows
WITH latest AS MATERIALIZED (
    SELECT DISTINCT ON (c.campaign_id, d.date)
        d.*,
        p.pulled_at,
        c.campaign_id,
        w.workspace_id,
        w.reporting_currency
    FROM staged_days AS d
    INNER JOIN staged_pulls AS p ON d.pull = p.pull
    INNER JOIN analytics.workspaces AS w ON p.workspace_id = w.workspace_id
    INNER JOIN analytics.campaigns AS c
        ON p.connection_id = c.connection_id AND d.external_id = c.external_id
    ORDER BY c.campaign_id ASC, d.date ASC, d.ordinal DESC
),

rates AS MATERIALIZED (
    SELECT
        k.currency,
        k.reporting_currency,
        k.date,
        analytics.convert_rate(k.currency, k.reporting_currency, k.date) AS fx_rate
    FROM (SELECT DISTINCT l.currency, l.reporting_currency, l.date FROM latest AS l) AS k
),

missing AS MATERIALIZED (
    -- OFFSET 0: by the key of each campaign, never through the whole table.
    SELECT
        p.pull,
        p.workspace_id,
        m.campaign_id,
        m.date
    FROM staged_pulls AS p
    INNER JOIN analytics.campaigns AS c ON p.connection_id = c.connection_id
    CROSS JOIN
        LATERAL (
            SELECT
                d.campaign_id,
                d.date
            FROM analytics.campaign_metrics AS d
            WHERE d.campaign_id = c.campaign_id AND d.date BETWEEN p.first_day AND p.last_day
            ORDER BY d.date ASC
            OFFSET 0
        ) AS m
    WHERE
        p.complete
        AND NOT EXISTS (
            SELECT 1 FROM latest AS l
            WHERE l.campaign_id = m.campaign_id AND l.date = m.date
        )
),

there_by_pull AS (
    SELECT
        l.pull,
        count(*) AS days
    FROM latest AS l
    GROUP BY l.pull
),

missing_by_pull AS (
    SELECT
        m.pull,
        count(*) AS days
    FROM missing AS m
    GROUP BY m.pull
),

breakers AS MATERIALIZED (
    SELECT
        p.pull,
        coalesce(g.days, 0) AS missing,
        coalesce(g.days, 0) > greatest(
            %(max_removed_rows)s,
            %(max_removed_share)s * (coalesce(t.days, 0) + coalesce(g.days, 0))
        ) AS is_open
    FROM staged_pulls AS p
    LEFT JOIN there_by_pull AS t ON p.pull = t.pull
    LEFT JOIN missing_by_pull AS g ON p.pull = g.pull
),

changed AS MATERIALIZED (
    -- Found here and not by ON CONFLICT, which asks the index once more a row: nobody else inserts
    -- days of a connection while its turn is held.
    SELECT
        l.*,
        r.fx_rate,
        saved.campaign_id IS NULL AS is_new
    FROM latest AS l
    INNER JOIN rates AS r
        ON
            l.currency = r.currency
            AND l.reporting_currency = r.reporting_currency
            AND l.date = r.date
    LEFT JOIN analytics.campaign_metrics AS saved
        ON l.campaign_id = saved.campaign_id AND l.date = saved.date
    WHERE
        saved.campaign_id IS NULL
        OR (
            saved.impressions, saved.clicks, saved.spend, saved.conversions,
            saved.conversion_value, saved.conversion_type, saved.reach, saved.frequency,
            saved.video_plays, saved.video_views_2s, saved.video_views_6s,
            saved.video_quartile_1, saved.video_quartile_2, saved.video_quartile_3,
            saved.video_completions, saved.currency, saved.fx_rate, saved.attribution_window,
            saved.provisional
        ) IS DISTINCT FROM (
            l.impressions, l.clicks, l.spend, l.conversions,
            l.conversion_value, l.conversion_type, l.reach, l.frequency,
            l.video_plays, l.video_views_2s, l.video_views_6s,
            l.video_quartile_1, l.video_quartile_2, l.video_quartile_3,
            l.video_completions, l.currency, r.fx_rate, l.attribution_window,
            l.provisional
        )
),

written AS (
    INSERT INTO analytics.campaign_metrics (
        campaign_id, date, impressions, clicks, spend, conversions, conversion_value,
        conversion_type, reach, frequency, video_plays, video_views_2s, video_views_6s,
        video_quartile_1, video_quartile_2, video_quartile_3, video_completions, currency, fx_rate,
        attribution_window, provisional, pulled_at
    )
    SELECT
        c.campaign_id,
        c.date,
        c.impressions,
        c.clicks,
        c.spend,
        c.conversions,
        c.conversion_value,
        c.conversion_type,
        c.reach,
        c.frequency,
        c.video_plays,
        c.video_views_2s,
        c.video_views_6s,
        c.video_quartile_1,
        c.video_quartile_2,
        c.video_quartile_3,
        c.video_completions,
        c.currency,
        c.fx_rate,
        c.attribution_window,
        c.provisional,
        c.pulled_at
    FROM changed AS c
    WHERE c.is_new
),

restated AS (
    UPDATE analytics.campaign_metrics AS m
    SET
        impressions = c.impressions,
        clicks = c.clicks,
        spend = c.spend,
        conversions = c.conversions,
        conversion_value = c.conversion_value,
        conversion_type = c.conversion_type,
        reach = c.reach,
        frequency = c.frequency,
        video_plays = c.video_plays,
        video_views_2s = c.video_views_2s,
        video_views_6s = c.video_views_6s,
        video_quartile_1 = c.video_quartile_1,
        video_quartile_2 = c.video_quartile_2,
        video_quartile_3 = c.video_quartile_3,
        video_completions = c.video_completions,
        currency = c.currency,
        fx_rate = c.fx_rate,
        attribution_window = c.attribution_window,
        provisional = c.provisional,
        pulled_at = c.pulled_at,
        updated_at = now()
    FROM changed AS c
    WHERE m.campaign_id = c.campaign_id AND m.date = c.date AND NOT c.is_new
),

removed AS (
    DELETE FROM analytics.campaign_metrics AS m
    USING missing AS g, breakers AS b
    WHERE
        m.campaign_id = g.campaign_id
        AND m.date = g.date
        AND g.pull = b.pull
        AND NOT b.is_open
),

marked AS (
    INSERT INTO analytics.stale_days (workspace_id, date)
    SELECT
        t.workspace_id,
        t.date
    FROM (
        SELECT
            c.workspace_id,
            c.date
        FROM changed AS c
        UNION
        SELECT
            g.workspace_id,
            g.date
        FROM missing AS g
        INNER JOIN breakers AS b ON g.pull = b.pull
        WHERE NOT b.is_open
    ) AS t
    ORDER BY t.workspace_id ASC, t.date ASC
    ON CONFLICT DO NOTHING
),

changed_by_pull AS (
    SELECT
        c.pull,
        count(*) AS days
    FROM changed AS c
    GROUP BY c.pull
)

SELECT
    b.pull,
    coalesce(w.days, 0) AS written,
    CASE WHEN b.is_open THEN 0 ELSE b.missing END AS removed,
    CASE WHEN b.is_open THEN b.missing ELSE 0 END AS kept
FROM breakers AS b
LEFT JOIN changed_by_pull AS w ON b.pull = w.pull;
