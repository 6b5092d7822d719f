-- List campaigns that, by the staged days, ran on a day when they had not or the reverse, and that
-- share a name with another one: which of namesakes a click belongs to may change.
-- Params: connection_id, since, until
WITH staged AS (
    SELECT DISTINCT ON (c.campaign_id, d.date)
        c.campaign_id,
        d.date,
        coalesce(d.spend, 0) > 0 AS ran
    FROM staged_days AS d
    INNER JOIN analytics.campaigns AS c
        ON c.connection_id = %(connection_id)s AND d.external_id = c.external_id
    ORDER BY c.campaign_id ASC, d.date ASC, d.ordinal DESC
),

stored AS (
    SELECT
        m.campaign_id,
        m.date,
        coalesce(m.spend, 0) > 0 AS ran
    FROM analytics.campaign_metrics AS m
    INNER JOIN analytics.campaigns AS c ON m.campaign_id = c.campaign_id
    WHERE c.connection_id = %(connection_id)s AND m.date BETWEEN %(since)s AND %(until)s
)

SELECT DISTINCT coalesce(s.campaign_id, o.campaign_id) AS campaign_id
FROM staged AS s
FULL JOIN stored AS o ON s.campaign_id = o.campaign_id AND s.date = o.date
INNER JOIN analytics.campaign_names AS n ON coalesce(s.campaign_id, o.campaign_id) = n.campaign_id
WHERE
    coalesce(s.ran, FALSE) <> coalesce(o.ran, FALSE)
    AND EXISTS (
        SELECT 1 FROM analytics.campaign_names AS k
        WHERE
            k.workspace_id = n.workspace_id
            AND k.name_key = n.name_key
            AND k.platform = n.platform
            AND k.campaign_id <> n.campaign_id
    );
