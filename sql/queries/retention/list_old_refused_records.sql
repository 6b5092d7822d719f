-- Records that an edge said it skips, and has not said again for long.
-- Params: before, store_id, record_id, at_most
SELECT
    doomed.ctid,
    doomed.store_id,
    doomed.record_id
FROM edge.refused_records AS doomed
WHERE
    doomed.last_reported_at < %(before)s
    AND (doomed.store_id, doomed.record_id) > (%(store_id)s::uuid, %(record_id)s)
ORDER BY doomed.store_id, doomed.record_id
LIMIT %(at_most)s
