-- Uses that arrived long ago and that the rollup has summed up. What the rollup's progress says is
-- worth nothing where the numbering of transactions has gone back (a restore): then none is old.
-- Params: before, company_id, received_at, usage_id, at_most
SELECT
    doomed.ctid,
    doomed.company_id,
    doomed.received_at,
    doomed.usage_id
FROM edge.promotion_usages AS doomed
WHERE
    doomed.received_at < %(before)s
    AND doomed.recorded_in < (
        SELECT p.processed_before FROM edge.rollup_progress AS p
        WHERE
            p.report = 'promotion_effectiveness'
            AND p.processed_before <= pg_snapshot_xmin(pg_current_snapshot())
    )
    AND (doomed.company_id, doomed.received_at, doomed.usage_id)
    > (%(company_id)s::uuid, %(received_at)s, %(usage_id)s::uuid)
ORDER BY doomed.company_id, doomed.received_at, doomed.usage_id
LIMIT %(at_most)s
