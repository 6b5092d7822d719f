-- Consistency issues that were over long ago.
-- Params: before, kind, subject, date, at_most
SELECT
    doomed.ctid,
    doomed.kind,
    doomed.subject,
    doomed.date
FROM analytics.consistency_issues AS doomed
WHERE
    doomed.resolved_at < %(before)s
    AND (doomed.kind, doomed.subject, doomed.date) > (%(kind)s, %(subject)s, %(date)s::date)
ORDER BY doomed.kind, doomed.subject, doomed.date
LIMIT %(at_most)s
