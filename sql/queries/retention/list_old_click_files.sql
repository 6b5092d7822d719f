-- Files of the click log that were read long ago, and lie before where the next load begins.
-- Params: before, object_key, at_most
SELECT
    doomed.ctid,
    doomed.object_key
FROM analytics.click_files AS doomed
WHERE
    doomed.loaded_at < %(before)s
    AND %(before)s < (SELECT min(l.loaded_until) FROM analytics.click_loads AS l)
    AND doomed.object_key > %(object_key)s
ORDER BY doomed.object_key
LIMIT %(at_most)s
