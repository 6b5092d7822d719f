-- Sum up the runs of some flows by day (UTC).
-- Params: flows, since
SELECT
    runs.flow,
    runs.started_at::date AS day,
    COUNT(*) FILTER (WHERE runs.status = 'completed') AS completed,
    COUNT(*) FILTER (WHERE runs.status = 'completed_with_errors') AS with_errors,
    COUNT(*) FILTER (WHERE runs.status = 'failed') AS failed,
    AVG(
        CASE
            WHEN runs.status IN ('completed', 'completed_with_errors')
                THEN EXTRACT(EPOCH FROM runs.finished_at - runs.started_at)
        END
    )::float8 AS seconds
FROM ops.sync_runs AS runs
WHERE runs.flow = ANY(%(flows)s) AND runs.started_at >= %(since)s
GROUP BY runs.flow, runs.started_at::date
ORDER BY runs.flow, day;
