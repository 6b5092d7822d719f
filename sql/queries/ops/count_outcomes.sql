-- Count what a run did, per entity and outcome, with duplicates and refused records.
-- Params: run_key
SELECT entity, outcome, count(*) AS records
FROM ops.sync_outcomes
WHERE run_key = %(run_key)s AND outcome <> 'rejected'
GROUP BY entity, outcome
UNION ALL
SELECT entity, 'duplicates', sum(duplicates)::bigint
FROM ops.sync_outcomes
WHERE run_key = %(run_key)s
GROUP BY entity
UNION ALL
SELECT entity, CASE kind WHEN 'invalid' THEN 'rejected' ELSE kind END, count(*)
FROM ops.sync_rejects
WHERE run_key = %(run_key)s
GROUP BY entity, kind;
