-- Correct the row of a run that died and will not be tried again.
-- Params: flow, run_id, now
UPDATE ops.sync_runs
SET
    status = 'failed',
    finished_at = %(now)s,
    waiting_since = NULL,
    error = 'Interrupted: the process ended without a word. Start the run again to take it up.'
WHERE flow = %(flow)s AND run_id = %(run_id)s AND status IN ('running', 'waiting');
