-- Read the name conflicts that the last import has reported, by entity type.
-- Params: flow
WITH newest AS (
    SELECT runs.counts
    FROM ops.sync_runs AS runs
    WHERE
        runs.flow = %(flow)s
        AND runs.status IN ('completed', 'completed_with_errors')
    ORDER BY runs.started_at DESC
    LIMIT 1
)

SELECT
    entities.key AS entity_type,
    COALESCE(entities.value -> 'name_conflicts', '[]'::jsonb) AS name_conflicts
FROM newest
CROSS JOIN JSONB_EACH(newest.counts -> 'entities') AS entities;
