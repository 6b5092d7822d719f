-- Tombstones of products at or below the floor, where the floor is so old that no stream can have
-- begun below it.
-- Params: raised_before, company_id, version, product_id, at_most
SELECT
    doomed.ctid,
    doomed.company_id,
    doomed.version,
    doomed.product_id
FROM edge.versions AS v
INNER JOIN edge.product_records AS doomed
    ON v.company_id = doomed.company_id AND v.floor_version >= doomed.version
WHERE
    v.floor_raised_at < %(raised_before)s
    AND doomed.is_removed
    AND (doomed.company_id, doomed.version, doomed.product_id)
    > (%(company_id)s::uuid, %(version)s, %(product_id)s::uuid)
ORDER BY doomed.company_id, doomed.version, doomed.product_id
LIMIT %(at_most)s
