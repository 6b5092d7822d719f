-- Alerts that were closed long ago, once nobody is to be told of them any more.
-- Params: before, alert_key, at_most
SELECT
    doomed.ctid,
    doomed.alert_key
FROM ops.alerts AS doomed
WHERE
    doomed.resolved_at < %(before)s
    AND doomed.alert_key > %(alert_key)s
    AND NOT EXISTS (
        SELECT 1 FROM ops.alert_deliveries AS d
        WHERE d.alert_key = doomed.alert_key AND d.status = 'pending'
    )
ORDER BY doomed.alert_key
LIMIT %(at_most)s
