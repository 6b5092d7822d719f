-- Read a run that has begun.
-- Params: flow, run_id
SELECT
    r.run_key,
    r.attempt,
    r.started_at,
    r.interruptions
FROM ops.sync_runs AS r
WHERE r.flow = %(flow)s AND r.run_id = %(run_id)s AND r.attempt > 0;
