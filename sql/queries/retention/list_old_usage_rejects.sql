-- Uploaded records that were refused, and have not come again for long.
-- Params: before, reject_key, at_most
SELECT
    doomed.ctid,
    doomed.reject_key
FROM edge.usage_rejects AS doomed
WHERE doomed.last_received_at < %(before)s AND doomed.reject_key > %(reject_key)s
ORDER BY doomed.reject_key
LIMIT %(at_most)s
