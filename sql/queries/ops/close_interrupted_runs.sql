-- Correct rows of runs that died: whoever holds the flow's lock knows that no other run is alive.
-- A waiting run is alive without the lock, and is left alone.
-- Params: flow, run_id, now
UPDATE ops.sync_runs
SET
    status = 'failed',
    finished_at = %(now)s,
    error = 'Interrupted: the process ended without a word. Start the run again to take it up.'
WHERE flow = %(flow)s AND run_id <> %(run_id)s AND status = 'running';
