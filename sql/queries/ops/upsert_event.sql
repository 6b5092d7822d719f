-- Put a run's event into the outbox; a rerun replaces its payload and has it published again.
-- Params: event_id, flow, run_key, name, payload, now
INSERT INTO ops.sync_events (event_id, flow, run_key, name, payload, created_at)
VALUES (%(event_id)s, %(flow)s, %(run_key)s, %(name)s, %(payload)s, %(now)s)
ON CONFLICT (event_id) DO UPDATE
    SET payload = excluded.payload, created_at = excluded.created_at, published_at = NULL;
