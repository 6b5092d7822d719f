-- Sum up the calls of some flows, and the rate of the busiest run.
-- Params: flows, since
SELECT
    runs.flow,
    COUNT(*) AS runs,
    SUM(runs.api_calls)::bigint AS calls,
    SUM(runs.retries)::bigint AS retries,
    MAX(
        runs.api_calls / GREATEST(EXTRACT(EPOCH FROM runs.finished_at - runs.started_at), 1)
    )::float8 AS busiest
FROM ops.sync_runs AS runs
WHERE runs.flow = ANY(%(flows)s) AND runs.started_at >= %(since)s
GROUP BY runs.flow;
