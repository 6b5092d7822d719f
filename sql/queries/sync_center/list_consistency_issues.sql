-- Figures of a workspace that cannot be right, or do not agree with each other, the newest first.
-- Params: workspace_id, at_most
SELECT
    i.kind,
    i.subject,
    i.date,
    i.detail,
    i.opened_at
FROM analytics.consistency_issues AS i
WHERE i.workspace_id = %(workspace_id)s AND i.resolved_at IS NULL
ORDER BY i.date DESC, i.kind ASC, i.subject ASC
LIMIT %(at_most)s
