-- Alerts about campaigns that were over long ago, once they were told.
-- Params: before, campaign_id, kind, date, at_most
SELECT
    doomed.ctid,
    doomed.campaign_id,
    doomed.kind,
    doomed.date
FROM analytics.performance_alerts AS doomed
WHERE
    doomed.resolved_at < %(before)s
    AND doomed.notified_at IS NOT NULL
    AND (doomed.campaign_id, doomed.kind, doomed.date) > (%(campaign_id)s, %(kind)s, %(date)s::date)
ORDER BY doomed.campaign_id, doomed.kind, doomed.date
LIMIT %(at_most)s
