-- Read the alerts of some flows that are resolved, the newest first, page by page.
-- Params: flows, before (NULL: from the newest), at_most
SELECT
    alerts.alert_key, alerts.kind, alerts.severity, alerts.flow, alerts.run_id, alerts.task_id,
    alerts.title, alerts.message, alerts.occurrences, alerts.opened_at, alerts.last_seen_at,
    alerts.acknowledged_at, alerts.acknowledged_by, alerts.resolved_at,
    alerts.resolved_by
FROM ops.alerts AS alerts
WHERE
    alerts.flow = ANY(%(flows)s)
    AND alerts.resolved_at IS NOT NULL
    AND (%(before)s::bigint IS NULL OR alerts.alert_key < %(before)s::bigint)
ORDER BY alerts.alert_key DESC
LIMIT %(at_most)s;
