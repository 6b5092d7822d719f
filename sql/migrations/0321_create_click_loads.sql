-- A load that was killed half way must not count as one that got to its end.
-- depends: 0320_create_click_files
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

CREATE TABLE analytics.click_loads (
    place text COLLATE "C" NOT NULL,
    loaded_until date NOT NULL,
    CONSTRAINT click_loads_pkey PRIMARY KEY (place)
);
COMMENT ON TABLE analytics.click_loads IS
'Up to which day (UTC) all files of a click log were read: where the next load begins.';
COMMENT ON COLUMN analytics.click_loads.place IS 'Bucket and prefix of the log.';
