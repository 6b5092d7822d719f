-- List which version of files of the click log was read to its end.
-- Params: object_keys
SELECT
    f.object_key,
    f.etag
FROM analytics.click_files AS f
WHERE f.object_key = any(%(object_keys)s::text[]);
