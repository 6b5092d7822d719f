-- How many alerts of a kind were sent, or are to be, in the last hour; one alert excepted.
-- Params: kind, flow, alert_key, now
SELECT count(*)
FROM ops.alerts AS alerts
WHERE
    alerts.kind = %(kind)s
    AND alerts.flow = %(flow)s
    AND alerts.alert_key <> %(alert_key)s
    AND alerts.opened_at > %(now)s - interval '1 hour'
    AND EXISTS (
        SELECT 1
        FROM ops.alert_deliveries AS deliveries
        WHERE deliveries.alert_key = alerts.alert_key AND deliveries.status <> 'withheld'
    );
