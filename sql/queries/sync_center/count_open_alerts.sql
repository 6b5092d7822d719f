-- Count the alerts of some flows that nobody has resolved.
-- Params: flows
SELECT
    COUNT(*) FILTER (WHERE alerts.acknowledged_at IS NULL) AS open,
    COUNT(*) FILTER (WHERE alerts.acknowledged_at IS NOT NULL) AS acknowledged
FROM ops.alerts AS alerts
WHERE alerts.flow = ANY(%(flows)s) AND alerts.resolved_at IS NULL;
