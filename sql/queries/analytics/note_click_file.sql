-- Remember that this version of a file of the click log was read to its end.
-- Params: object_key, etag, lines, clicks, links, rejected
INSERT INTO analytics.click_files (object_key, etag, lines_read, clicks, links, rejected)
VALUES (%(object_key)s, %(etag)s, %(lines)s, %(clicks)s, %(links)s, %(rejected)s)
ON CONFLICT (object_key) DO UPDATE
    SET
        etag = excluded.etag,
        lines_read = excluded.lines_read,
        clicks = excluded.clicks,
        links = excluded.links,
        rejected = excluded.rejected,
        loaded_at = now();
