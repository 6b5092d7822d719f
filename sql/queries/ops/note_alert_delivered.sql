-- Note that a channel has taken an alert.
-- Params: alert_key, channel, now
WITH delivered AS (
    UPDATE ops.alert_deliveries
    SET
        status = 'delivered',
        attempts = attempts + 1,
        delivered_at = %(now)s,
        last_error = NULL
    WHERE alert_key = %(alert_key)s AND channel = %(channel)s
    RETURNING alert_key
)

UPDATE ops.alerts AS alerts
SET notified_at = coalesce(alerts.notified_at, %(now)s)
FROM delivered
WHERE alerts.alert_key = delivered.alert_key;
