-- Note that somebody looks after an alert; the first who says so remains.
-- Params: alert_key, flows, who, now
UPDATE ops.alerts
SET
    acknowledged_at = COALESCE(acknowledged_at, %(now)s),
    acknowledged_by = COALESCE(acknowledged_by, %(who)s)
WHERE alert_key = %(alert_key)s AND flow = ANY(%(flows)s) AND resolved_at IS NULL
RETURNING alert_key;
