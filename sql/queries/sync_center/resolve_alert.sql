-- Close an alert; who closes one that nobody has acknowledged has looked after it.
-- Params: alert_key, flows, who, now
UPDATE ops.alerts
SET
    resolved_at = %(now)s,
    resolved_by = %(who)s,
    acknowledged_at = COALESCE(acknowledged_at, %(now)s),
    acknowledged_by = COALESCE(acknowledged_by, %(who)s)
WHERE alert_key = %(alert_key)s AND flow = ANY(%(flows)s) AND resolved_at IS NULL
RETURNING alert_key;
