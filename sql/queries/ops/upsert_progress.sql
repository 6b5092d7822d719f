-- Write how far a run is.
-- Params: run_key, entity_types (text[]), completed (bigint[]), totals (bigint[]), now
INSERT INTO ops.sync_progress (run_key, entity_type, completed, total, updated_at)
SELECT %(run_key)s, progress.entity_type, progress.completed, progress.total, %(now)s
FROM
    unnest(%(entity_types)s::text[], %(completed)s::bigint[], %(totals)s::bigint[])
        AS progress (entity_type, completed, total)
ON CONFLICT (run_key, entity_type) DO UPDATE
    SET completed = excluded.completed, total = excluded.total, updated_at = excluded.updated_at;
