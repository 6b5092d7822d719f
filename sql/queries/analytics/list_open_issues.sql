-- List what is open of consistency issues, by workspace and kind: how many, and the latest ones.
-- Params: shown (how many of each are shown)
SELECT
    i.workspace_id,
    i.kind,
    count(*) AS issues,
    (
        array_agg(
            format('%%s %%s: %%s', i.date, i.subject, i.detail) ORDER BY i.date DESC, i.subject ASC
        )
    )[1:%(shown)s] AS latest
FROM analytics.consistency_issues AS i
WHERE i.resolved_at IS NULL
GROUP BY i.workspace_id, i.kind
ORDER BY i.workspace_id ASC, i.kind ASC;
