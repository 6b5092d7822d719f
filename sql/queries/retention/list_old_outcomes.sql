-- What runs of long ago remember about single records, whether the run's row is there or not. Run
-- keys grow, so what is before the oldest run that is young enough is older.
-- Params: before, run_key, entity, external_id, at_most
SELECT
    doomed.ctid,
    doomed.run_key,
    doomed.entity,
    doomed.external_id
FROM ops.sync_outcomes AS doomed
WHERE
    doomed.run_key < (
        SELECT min(r.run_key) FROM ops.sync_runs AS r
        WHERE r.started_at >= %(before)s
    )
    AND doomed.run_key != all(
        array(
            SELECT r.run_key FROM ops.sync_runs AS r
            WHERE r.status IN ('waiting', 'running')
        )
    )
    AND (doomed.run_key, doomed.entity, doomed.external_id)
    > (%(run_key)s, %(entity)s, %(external_id)s)
ORDER BY doomed.run_key, doomed.entity, doomed.external_id
LIMIT %(at_most)s
