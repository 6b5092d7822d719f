-- What retention has deleted must not be missed: days whose uses are gone are not summed up again,
-- and a floor is known to be old enough that no stream is under way that began below it.
-- depends: 0410_add_alert_runbooks
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '600s';

ALTER TABLE edge.promotion_effectiveness ADD COLUMN closed_at timestamptz;
COMMENT ON COLUMN edge.promotion_effectiveness.closed_at IS
'When the first of its uses was deleted for its age; what arrives since does not change the row. NULL: none.';

ALTER TABLE edge.versions ADD COLUMN floor_raised_at timestamptz;
COMMENT ON COLUMN edge.versions.floor_raised_at IS
'When the floor was last raised. Tombstones below it are deleted once no stream can be older. NULL: never.';

-- A run is deleted with its events: without an index each of them is looked for in all.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX sync_events_run_key_idx ON ops.sync_events (run_key);
