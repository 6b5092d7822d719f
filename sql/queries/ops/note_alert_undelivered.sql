-- Note that a channel did not take an alert, and when to try again.
-- Params: alert_key, channel, error, next_try_at
UPDATE ops.alert_deliveries
SET
    attempts = attempts + 1,
    last_error = %(error)s,
    next_try_at = %(next_try_at)s
WHERE alert_key = %(alert_key)s AND channel = %(channel)s;
