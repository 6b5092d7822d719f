-- Events of a run, published or not; locked, so that two publishers do not meet.
-- Params: flow, run_id
SELECT
    events.event_id,
    events.name,
    events.payload,
    events.created_at,
    events.published_at
FROM ops.sync_events AS events
INNER JOIN ops.sync_runs AS runs ON events.run_key = runs.run_key
WHERE runs.flow = %(flow)s AND runs.run_id = %(run_id)s
ORDER BY events.created_at
FOR UPDATE OF events;
