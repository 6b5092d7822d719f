-- Read how far a run is, per entity type.
-- Params: run_key
SELECT
    progress.entity_type, progress.completed, progress.total, progress.updated_at
FROM ops.sync_progress AS progress
WHERE progress.run_key = %(run_key)s
ORDER BY progress.entity_type;
