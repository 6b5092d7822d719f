-- Drop what other runs of the flow remember about single records. A failed run that may still be
-- retried keeps its own for a day, because its counts come from there.
-- Params: flow, run_id
DELETE FROM ops.sync_outcomes AS outcomes
USING ops.sync_runs AS runs
WHERE
    runs.run_key = outcomes.run_key
    AND runs.flow = %(flow)s
    AND runs.run_id <> %(run_id)s
    AND (
        runs.status IN ('completed', 'completed_with_errors', 'skipped')
        OR runs.started_at < now() - interval '1 day'
    );
