-- Read a flow's runs, the newest first, page by page.
-- Params: flow, before (NULL: from the newest), at_most
SELECT
    runs.run_key, runs.flow, runs.run_id, runs.trigger, runs.params, runs.status, runs.attempt,
    runs.started_at, runs.finished_at, runs.counts, runs.api_calls, runs.error
FROM ops.sync_runs AS runs
WHERE
    runs.flow = %(flow)s
    AND (%(before)s::timestamptz IS NULL OR runs.started_at < %(before)s::timestamptz)
ORDER BY runs.started_at DESC
LIMIT %(at_most)s;
