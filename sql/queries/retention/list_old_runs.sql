-- Runs that ended long ago and of which nothing is left: no page, no refused record, no event, no
-- outcome, no open alert. Each flow's last run stays, as what is known of it.
-- Params: before, run_key, at_most
SELECT
    doomed.ctid,
    doomed.run_key
FROM ops.sync_runs AS doomed
WHERE
    doomed.status NOT IN ('waiting', 'running')
    AND coalesce(doomed.finished_at, doomed.started_at) < %(before)s
    AND doomed.run_key > %(run_key)s
    AND EXISTS (
        SELECT 1 FROM ops.sync_runs AS later
        WHERE later.flow = doomed.flow AND later.started_at > doomed.started_at
    )
    AND NOT EXISTS (
        SELECT 1 FROM ops.sync_pages AS p
        WHERE p.run_key = doomed.run_key
    )
    AND NOT EXISTS (
        SELECT 1 FROM ops.sync_rejects AS j
        WHERE j.run_key = doomed.run_key
    )
    AND NOT EXISTS (
        SELECT 1 FROM ops.sync_events AS e
        WHERE e.run_key = doomed.run_key
    )
    AND NOT EXISTS (
        SELECT 1 FROM ops.sync_outcomes AS o
        WHERE o.run_key = doomed.run_key
    )
    AND NOT EXISTS (
        SELECT 1 FROM ops.alerts AS a
        WHERE a.flow = doomed.flow AND a.run_id = doomed.run_id AND a.resolved_at IS NULL
    )
ORDER BY doomed.run_key
LIMIT %(at_most)s
