-- Remember refused records as seen by this walk; a better outcome in the same run stands.
-- Params: run_key, entity, external_ids (text[]), walk
INSERT INTO ops.sync_outcomes AS seen (run_key, entity, external_id, outcome, walk, duplicates)
SELECT DISTINCT
    %(run_key)s::bigint, %(entity)s, refused.external_id, 'rejected', %(walk)s::bigint, 0
FROM unnest(%(external_ids)s::text[]) AS refused (external_id)
ON CONFLICT (run_key, entity, external_id) DO UPDATE
    SET walk = excluded.walk;
