-- Read one run of a flow with its progress and how many records it has refused.
-- Params: flow, run_id
SELECT
    runs.run_key, runs.flow, runs.run_id, runs.trigger, runs.params, runs.status, runs.attempt,
    runs.started_at, runs.waiting_since, runs.finished_at, runs.counts, runs.api_calls,
    runs.retries, runs.queries, runs.bytes_received, runs.peak_memory_bytes, runs.error,
    runs.interruptions,
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
        WHERE done.run_key = runs.run_key
    ) AS progress,
    (
        SELECT COUNT(*)
        FROM ops.sync_rejects AS rejects
        WHERE rejects.run_key = runs.run_key
    ) AS rejects
FROM ops.sync_runs AS runs
WHERE runs.flow = %(flow)s AND runs.run_id = %(run_id)s;
