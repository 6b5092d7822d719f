-- Read how an alert stands, for somebody who was too late to change it.
-- Params: alert_key, flows
SELECT alerts.alert_key, alerts.flow, alerts.resolved_at
FROM ops.alerts AS alerts
WHERE alerts.alert_key = %(alert_key)s AND alerts.flow = ANY(%(flows)s);
