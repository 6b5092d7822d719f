-- Go on with a run that another task has begun.
-- Params: flow, run_id
UPDATE ops.sync_runs
SET
    status = 'running',
    waiting_since = NULL,
    finished_at = NULL,
    error = NULL
WHERE flow = %(flow)s AND run_id = %(run_id)s
RETURNING run_key, attempt, started_at, interruptions;
