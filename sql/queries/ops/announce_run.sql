-- Write a run as waiting for its turn; a known run (a retry) keeps its row and attempts.
-- A row that still says `running` was interrupted; a run that ended well starts a new count.
-- Params: flow, run_id, trigger, params, now
INSERT INTO ops.sync_runs AS saved (
    flow, run_id, trigger, params, status, attempt, started_at, waiting_since
)
VALUES (
    %(flow)s, %(run_id)s, %(trigger)s, %(params)s, 'waiting', 0, %(now)s, %(now)s
)
ON CONFLICT (flow, run_id) DO UPDATE
    SET
        status = 'waiting',
        interruptions = CASE
            WHEN saved.status = 'running' THEN saved.interruptions + 1
            WHEN saved.status IN ('waiting', 'failed') THEN saved.interruptions
            ELSE 0
        END,
        params = excluded.params,
        finished_at = NULL,
        error = NULL,
        waiting_since = COALESCE(saved.waiting_since, excluded.waiting_since)
RETURNING waiting_since;
