-- Read why the last records of each flow were refused.
-- Params: flows, at_most (of a flow)
SELECT latest.flow, latest.entity, latest.kind, latest.reason, latest.rejected_at
FROM UNNEST(%(flows)s::text[]) AS flows (flow)
CROSS JOIN LATERAL (  -- noqa: ST05
    SELECT rejects.flow, rejects.entity, rejects.kind, rejects.reason, rejects.rejected_at
    FROM ops.sync_rejects AS rejects
    WHERE rejects.flow = flows.flow
    ORDER BY rejects.reject_key DESC
    LIMIT %(at_most)s
) AS latest;
