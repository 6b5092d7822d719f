-- Read the last run of each flow with its progress, and what is open about the flow.
-- Params: flows
WITH newest AS (
    SELECT
        flows.flow,
        (
            SELECT candidates.run_key
            FROM ops.sync_runs AS candidates
            WHERE candidates.flow = flows.flow
            ORDER BY candidates.started_at DESC
            LIMIT 1
        ) AS run_key
    FROM UNNEST(%(flows)s::text[]) AS flows (flow)
)

SELECT
    newest.flow, runs.run_key, runs.run_id, runs.trigger, runs.params, runs.status, runs.attempt,
    runs.started_at, runs.finished_at, runs.counts, runs.api_calls, runs.error,
    (
        SELECT
            JSONB_AGG(
                JSONB_BUILD_OBJECT(
                    'entity_type', done.entity_type, 'completed', done.completed,
                    'total', done.total
                )
                ORDER BY done.entity_type
            )
        FROM ops.sync_progress AS done
        WHERE done.run_key = newest.run_key
    ) AS progress,
    (
        SELECT COUNT(*)
        FROM ops.alerts AS alerts
        WHERE alerts.flow = newest.flow AND alerts.resolved_at IS NULL
    ) AS open_alerts,
    (
        SELECT COUNT(*)
        FROM ops.alerts AS alerts
        WHERE
            alerts.flow = newest.flow
            AND alerts.kind = 'sla_missed'
            AND alerts.opened_at >= runs.started_at
            AND alerts.run_id = runs.run_id
    ) AS missed_slas
FROM newest
LEFT JOIN ops.sync_runs AS runs ON newest.run_key = runs.run_key;
