-- Records that were refused long ago, but those of runs about which an alert is open.
-- Params: before, reject_key, at_most
SELECT
    doomed.ctid,
    doomed.reject_key
FROM ops.sync_rejects AS doomed
WHERE
    doomed.rejected_at < %(before)s
    AND doomed.reject_key > %(reject_key)s
    AND doomed.run_key != all(
        array(
            SELECT r.run_key
            FROM ops.alerts AS a
            INNER JOIN ops.sync_runs AS r ON a.flow = r.flow AND a.run_id = r.run_id
            WHERE a.resolved_at IS NULL
        )
    )
ORDER BY doomed.reject_key
LIMIT %(at_most)s
