-- Note that an event is out.
-- Params: event_id, now
UPDATE ops.sync_events
SET published_at = %(now)s
WHERE event_id = %(event_id)s;
