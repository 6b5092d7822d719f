-- Merge a connection's staged campaign-days: what differs is written, and its day is marked. Where
-- the pull was complete, stored days that it lacks had no delivery and are removed, unless that is
-- suspiciously much. Returns what was written, removed, and kept although it was missing.
-- Params: connection_id, workspace_id, since, until, complete, max_removed_share, max_removed_rows
WITH rates AS MATERIALIZED (
    SELECT
        d.currency,
        d.date,
        analytics.convert_rate(d.currency, w.reporting_currency, d.date) AS fx_rate
    FROM (SELECT DISTINCT currency, date FROM staged_days) AS d
    INNER JOIN analytics.workspaces AS w ON w.workspace_id = %(workspace_id)s
),

latest AS MATERIALIZED (
    SELECT DISTINCT ON (c.campaign_id, d.date)
        d.*,
        c.campaign_id
    FROM staged_days AS d
    INNER JOIN analytics.campaigns AS c
        ON c.connection_id = %(connection_id)s AND d.external_id = c.external_id
    ORDER BY c.campaign_id ASC, d.date ASC, d.ordinal DESC
),

missing AS MATERIALIZED (
    SELECT
        m.campaign_id,
        m.date
    FROM analytics.campaign_metrics AS m
    INNER JOIN analytics.campaigns AS c ON m.campaign_id = c.campaign_id
    WHERE
        %(complete)s
        AND c.connection_id = %(connection_id)s
        AND m.date BETWEEN %(since)s AND %(until)s
        AND NOT EXISTS (
            SELECT 1 FROM latest AS l
            WHERE l.campaign_id = m.campaign_id AND l.date = m.date
        )
),

breaker AS (
    SELECT
        (SELECT count(*) FROM missing) > greatest(
            %(max_removed_rows)s,
            %(max_removed_share)s
            * ((SELECT count(*) FROM latest) + (SELECT count(*) FROM missing))
        ) AS is_open
),

written AS (
    INSERT INTO analytics.campaign_metrics AS saved (
        campaign_id, date, impressions, clicks, spend, conversions, conversion_value,
        conversion_type, reach, frequency, video_plays, video_views_2s, video_views_6s,
        video_quartile_1, video_quartile_2, video_quartile_3, video_completions, currency, fx_rate,
        attribution_window, provisional, pulled_at
    )
    SELECT
        l.campaign_id,
        l.date,
        l.impressions,
        l.clicks,
        l.spend,
        l.conversions,
        l.conversion_value,
        l.conversion_type,
        l.reach,
        l.frequency,
        l.video_plays,
        l.video_views_2s,
        l.video_views_6s,
        l.video_quartile_1,
        l.video_quartile_2,
        l.video_quartile_3,
        l.video_completions,
        l.currency,
        r.fx_rate,
        l.attribution_window,
        l.provisional,
        l.pulled_at
    FROM latest AS l
    INNER JOIN rates AS r ON l.currency = r.currency AND l.date = r.date
    ON CONFLICT (campaign_id, date) DO UPDATE
        SET
            impressions = excluded.impressions,
            clicks = excluded.clicks,
            spend = excluded.spend,
            conversions = excluded.conversions,
            conversion_value = excluded.conversion_value,
            conversion_type = excluded.conversion_type,
            reach = excluded.reach,
            frequency = excluded.frequency,
            video_plays = excluded.video_plays,
            video_views_2s = excluded.video_views_2s,
            video_views_6s = excluded.video_views_6s,
            video_quartile_1 = excluded.video_quartile_1,
            video_quartile_2 = excluded.video_quartile_2,
            video_quartile_3 = excluded.video_quartile_3,
            video_completions = excluded.video_completions,
            currency = excluded.currency,
            fx_rate = excluded.fx_rate,
            attribution_window = excluded.attribution_window,
            provisional = excluded.provisional,
            pulled_at = excluded.pulled_at,
            updated_at = now()
        WHERE
        (
            saved.impressions, saved.clicks, saved.spend, saved.conversions,
            saved.conversion_value, saved.conversion_type, saved.reach, saved.frequency,
            saved.video_plays, saved.video_views_2s, saved.video_views_6s,
            saved.video_quartile_1, saved.video_quartile_2, saved.video_quartile_3,
            saved.video_completions, saved.currency, saved.fx_rate, saved.attribution_window,
            saved.provisional
        ) IS DISTINCT FROM (
            excluded.impressions, excluded.clicks, excluded.spend, excluded.conversions,
            excluded.conversion_value, excluded.conversion_type, excluded.reach,
            excluded.frequency, excluded.video_plays, excluded.video_views_2s,
            excluded.video_views_6s, excluded.video_quartile_1, excluded.video_quartile_2,
            excluded.video_quartile_3, excluded.video_completions, excluded.currency,
            excluded.fx_rate, excluded.attribution_window, excluded.provisional
        )
    RETURNING saved.date
),

removed AS (
    DELETE FROM analytics.campaign_metrics AS m
    USING missing AS g, breaker AS b
    WHERE m.campaign_id = g.campaign_id AND m.date = g.date AND NOT b.is_open
    RETURNING m.date
),

marked AS (
    INSERT INTO analytics.stale_days (workspace_id, date)
    SELECT
        %(workspace_id)s,
        t.date
    FROM (
        SELECT w.date FROM written AS w
        UNION
        SELECT r.date FROM removed AS r
    ) AS t
    ORDER BY t.date ASC
    ON CONFLICT DO NOTHING
)

SELECT
    (SELECT count(*) FROM written) AS written,
    (SELECT count(*) FROM removed) AS removed,
    (SELECT CASE WHEN b.is_open THEN (SELECT count(*) FROM missing) ELSE 0 END FROM breaker AS b)
        AS kept;
