-- Events that were published, long ago; what the outbox still has to send stays.
-- Params: before, event_id, at_most
SELECT
    doomed.ctid,
    doomed.event_id
FROM ops.sync_events AS doomed
WHERE
    doomed.created_at < %(before)s
    AND doomed.published_at IS NOT NULL
    AND doomed.event_id > %(event_id)s
ORDER BY doomed.event_id
LIMIT %(at_most)s
