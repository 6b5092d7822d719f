-- Remember that these versions of files of the click log were read to their end.
-- Params: files (JSON, one object a file)
INSERT INTO analytics.click_files (object_key, etag, lines_read, clicks, links, rejected)
SELECT
    t.object_key,
    t.etag,
    t.lines,
    t.clicks,
    t.links,
    t.rejected
FROM
    jsonb_to_recordset(%(files)s::jsonb)
        AS t (
            object_key text, etag text, lines bigint, clicks bigint, links bigint, rejected bigint
        )
ON CONFLICT (object_key) DO UPDATE
    SET
        etag = excluded.etag,
        lines_read = excluded.lines_read,
        clicks = excluded.clicks,
        links = excluded.links,
        rejected = excluded.rejected,
        loaded_at = now();
