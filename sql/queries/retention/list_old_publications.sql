-- Publications before the newest one that is old enough: that one still tells which version an
-- instant of then belongs to.
-- Params: before, company_id, version, at_most
SELECT
    doomed.ctid,
    doomed.company_id,
    doomed.version
FROM edge.publications AS doomed
WHERE
    doomed.version < (
        SELECT max(p.version) FROM edge.publications AS p
        WHERE p.company_id = doomed.company_id AND p.published_at < %(before)s
    )
    AND (doomed.company_id, doomed.version) > (%(company_id)s::uuid, %(version)s)
ORDER BY doomed.company_id, doomed.version
LIMIT %(at_most)s
