-- Find a file of the click log in the version that was read to its end.
-- Params: object_key, etag
SELECT f.loaded_at
FROM analytics.click_files AS f
WHERE f.object_key = %(object_key)s AND f.etag = %(etag)s;
