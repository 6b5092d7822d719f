-- Since when a run waits for the flow's lock.
-- Params: flow, run_id
SELECT waiting_since
FROM ops.sync_runs
WHERE flow = %(flow)s AND run_id = %(run_id)s;
