-- Events of a run, and of earlier runs of the flow what was not published yet; locked, so that two
-- publishers do not meet.
-- Params: flow, run_id
SELECT
    events.name,
    runs.run_id,
    events.payload,
    events.created_at,
    events.published_at,
    events.event_id::text AS event_id,
    extract(EPOCH FROM events.created_at - runs.started_at)::float8 AS duration_seconds
FROM ops.sync_events AS events
INNER JOIN ops.sync_runs AS runs ON events.run_key = runs.run_key
WHERE
    runs.flow = %(flow)s
    AND (runs.run_id = %(run_id)s OR events.published_at IS NULL)
ORDER BY events.created_at
FOR UPDATE OF events;
