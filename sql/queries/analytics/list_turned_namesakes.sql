-- List campaigns that, by the staged days, ran on a day when they had not or the reverse, and that
-- share a name with another one: which of namesakes a click belongs to may change.
WITH namesakes AS MATERIALIZED (
    SELECT DISTINCT
        c.campaign_id,
        c.connection_id,
        c.external_id
    FROM analytics.campaigns AS c
    INNER JOIN analytics.campaign_names AS n ON c.campaign_id = n.campaign_id
    WHERE
        c.connection_id IN (SELECT p.connection_id FROM staged_pulls AS p)
        AND EXISTS (
            SELECT 1 FROM analytics.campaign_names AS k
            WHERE
                k.workspace_id = n.workspace_id
                AND k.name_key = n.name_key
                AND k.platform = n.platform
                AND k.campaign_id <> n.campaign_id
        )
),

staged AS (
    SELECT DISTINCT ON (c.campaign_id, d.date)
        c.campaign_id,
        d.date,
        coalesce(d.spend, 0) > 0 AS ran
    FROM staged_days AS d
    INNER JOIN staged_pulls AS p ON d.pull = p.pull
    INNER JOIN namesakes AS c
        ON p.connection_id = c.connection_id AND d.external_id = c.external_id
    ORDER BY c.campaign_id ASC, d.date ASC, d.ordinal DESC
),

stored AS (
    SELECT DISTINCT
        m.campaign_id,
        m.date,
        coalesce(m.spend, 0) > 0 AS ran
    FROM staged_pulls AS p
    INNER JOIN namesakes AS c ON p.connection_id = c.connection_id
    CROSS JOIN LATERAL (
        -- OFFSET 0: by the key of each campaign, never through the whole table.
        SELECT
            d.campaign_id,
            d.date,
            d.spend
        FROM analytics.campaign_metrics AS d
        WHERE d.campaign_id = c.campaign_id AND d.date BETWEEN p.first_day AND p.last_day
        ORDER BY d.date ASC
        OFFSET 0
    ) AS m
)

SELECT DISTINCT coalesce(s.campaign_id, o.campaign_id) AS campaign_id
FROM staged AS s
FULL JOIN stored AS o ON s.campaign_id = o.campaign_id AND s.date = o.date
WHERE coalesce(s.ran, FALSE) <> coalesce(o.ran, FALSE);
