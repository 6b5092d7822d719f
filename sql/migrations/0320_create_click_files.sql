-- The click log comes as files, at least once: remember which version of each was read to its end.
-- depends: 0303_create_analytics_results
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

CREATE TABLE analytics.click_files (
    object_key text COLLATE "C" NOT NULL,
    etag text NOT NULL,
    lines_read bigint NOT NULL,
    clicks bigint NOT NULL,
    links bigint NOT NULL,
    rejected bigint NOT NULL,
    loaded_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT click_files_pkey PRIMARY KEY (object_key)
);
COMMENT ON TABLE analytics.click_files IS
'Files of the click log that were read to their end; one that changed since (etag) is read again.';
COMMENT ON COLUMN analytics.click_files.clicks IS 'Clicks that no file had brought before.';
