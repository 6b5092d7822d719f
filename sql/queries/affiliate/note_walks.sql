-- Remember for which brands a walk over their offers was complete, or failed.
-- Params: run_key, walk, brand_ids (text[]), outcome
INSERT INTO ops.sync_outcomes AS seen (run_key, entity, external_id, outcome, walk, duplicates)
SELECT %(run_key)s, 'walks', brands.external_id, %(outcome)s, %(walk)s, 0
FROM unnest(%(brand_ids)s::text[]) AS brands (external_id)
ON CONFLICT (run_key, entity, external_id) DO UPDATE
    SET outcome = excluded.outcome, walk = excluded.walk;
