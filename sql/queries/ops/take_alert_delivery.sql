-- Lock the oldest delivery that is due; one that somebody else is sending is passed over.
-- Params: channels (text[]), now
SELECT
    alerts.alert_key,
    deliveries.channel,
    deliveries.attempts,
    alerts.kind,
    alerts.severity,
    alerts.flow,
    alerts.run_id,
    alerts.task_id,
    alerts.title,
    alerts.message,
    alerts.link,
    alerts.runbook,
    alerts.opened_at
FROM ops.alert_deliveries AS deliveries
INNER JOIN ops.alerts AS alerts ON deliveries.alert_key = alerts.alert_key
WHERE
    deliveries.status = 'pending'
    AND deliveries.channel = any(%(channels)s::text[])
    AND deliveries.next_try_at <= %(now)s
ORDER BY alerts.alert_key, deliveries.channel
LIMIT 1
FOR UPDATE OF deliveries SKIP LOCKED;
