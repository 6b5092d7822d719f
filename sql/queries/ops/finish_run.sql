-- Write how a run ended; return the seconds since it began, over all its attempts.
-- Params: flow, run_id, status, now, counts (NULL keeps them), error
UPDATE ops.sync_runs
SET
    status = %(status)s,
    finished_at = %(now)s,
    waiting_since = NULL,
    counts = COALESCE(%(counts)s, counts),
    error = %(error)s
WHERE flow = %(flow)s AND run_id = %(run_id)s
RETURNING EXTRACT(EPOCH FROM finished_at - started_at)::float8;
