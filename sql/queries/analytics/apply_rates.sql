-- Convert again what new rates count for; mark its days and those of orders in other currencies.
-- Params: since, until
WITH rates AS MATERIALIZED (
    SELECT
        d.workspace_id,
        d.currency,
        d.date,
        analytics.convert_rate(d.currency, d.reporting_currency, d.date) AS fx_rate
    FROM (
        SELECT DISTINCT
            c.workspace_id,
            w.reporting_currency,
            m.currency,
            m.date
        FROM analytics.campaign_metrics AS m
        INNER JOIN analytics.campaigns AS c ON m.campaign_id = c.campaign_id
        INNER JOIN analytics.workspaces AS w ON c.workspace_id = w.workspace_id
        WHERE m.date BETWEEN %(since)s AND %(until)s AND m.currency <> w.reporting_currency
    ) AS d
),

converted AS (
    UPDATE analytics.campaign_metrics AS m
    SET fx_rate = r.fx_rate, updated_at = now()
    FROM analytics.campaigns AS c
    INNER JOIN rates AS r ON c.workspace_id = r.workspace_id
    WHERE
        m.campaign_id = c.campaign_id
        AND m.currency = r.currency
        AND m.date = r.date
        AND m.fx_rate IS DISTINCT FROM r.fx_rate
    RETURNING c.workspace_id, m.date
),

touched AS (
    SELECT
        c.workspace_id,
        c.date
    FROM converted AS c
    UNION
    SELECT
        e.workspace_id,
        e.event_date
    FROM analytics.attribution_events AS e
    INNER JOIN analytics.workspaces AS w ON e.workspace_id = w.workspace_id
    WHERE e.event_date BETWEEN %(since)s AND %(until)s AND e.currency <> w.reporting_currency
)

INSERT INTO analytics.stale_days (workspace_id, date)
SELECT
    t.workspace_id,
    t.date
FROM touched AS t
ORDER BY t.workspace_id ASC, t.date ASC
ON CONFLICT DO NOTHING;
