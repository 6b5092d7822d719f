-- Read how a run of one of these flows is doing.
-- Params: flows, run_id
SELECT
    runs.run_key, runs.flow, runs.trigger, runs.params, runs.status, runs.attempt, runs.started_at,
    runs.finished_at, runs.counts, runs.api_calls, runs.error
FROM ops.sync_runs AS runs
WHERE runs.flow = ANY(%(flows)s) AND runs.run_id = %(run_id)s
ORDER BY runs.started_at DESC
LIMIT 1;
