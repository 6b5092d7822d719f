-- Read what the last runs of each flow have counted.
-- Params: flows, at_most (of a flow)
SELECT latest.flow, latest.counts, latest.started_at
FROM UNNEST(%(flows)s::text[]) AS flows (flow)
CROSS JOIN LATERAL (  -- noqa: ST05
    SELECT
        runs.flow, runs.started_at,
        runs.counts - '{exported,skipped,id_maps,missing,plan}'::text[] AS counts
    FROM ops.sync_runs AS runs
    WHERE
        runs.flow = flows.flow
        AND runs.status IN ('completed', 'completed_with_errors', 'failed')
    ORDER BY runs.started_at DESC
    LIMIT %(at_most)s
) AS latest;
