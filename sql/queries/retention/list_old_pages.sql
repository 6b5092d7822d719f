-- Archived pages that were merged long ago; keys grow with time.
-- Params: before, page_key, at_most
SELECT
    doomed.ctid,
    doomed.page_key
FROM ops.sync_pages AS doomed
WHERE doomed.fetched_at < %(before)s AND doomed.page_key > %(page_key)s
ORDER BY doomed.page_key
LIMIT %(at_most)s
