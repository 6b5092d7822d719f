-- List what is open of consistency issues, by workspace and kind: how many, and the latest ones.
-- Params: shown (how many of each are shown)
WITH numbered AS (
    SELECT
        i.workspace_id,
        i.kind,
        i.date,
        i.subject,
        i.detail,
        count(*) OVER (PARTITION BY i.workspace_id, i.kind) AS issues,
        row_number() OVER (
            PARTITION BY i.workspace_id, i.kind ORDER BY i.date DESC, i.subject ASC
        ) AS place
    FROM analytics.consistency_issues AS i
    WHERE i.resolved_at IS NULL
)

SELECT
    n.workspace_id,
    n.kind,
    max(n.issues) AS issues,
    array_agg(format('%%s %%s: %%s', n.date, n.subject, n.detail) ORDER BY n.place) AS latest
FROM numbered AS n
WHERE n.place <= %(shown)s
GROUP BY n.workspace_id, n.kind
ORDER BY n.workspace_id ASC, n.kind ASC;
