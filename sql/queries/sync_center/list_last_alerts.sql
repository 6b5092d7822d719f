-- Read what the last alerts of some flows said.
-- Params: flows, since, at_most
SELECT alerts.kind, alerts.flow, alerts.run_id, alerts.message, alerts.last_seen_at
FROM ops.alerts AS alerts
WHERE alerts.flow = ANY(%(flows)s) AND alerts.opened_at >= %(since)s
ORDER BY alerts.alert_key DESC
LIMIT %(at_most)s;
