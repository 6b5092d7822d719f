-- Companies whose floor has to rise to what was published before, and when it was not just raised:
-- the tombstones below the last one go first.
-- Params: before, raised_before
SELECT
    v.company_id,
    max(p.version) AS version
FROM edge.versions AS v
INNER JOIN edge.publications AS p ON v.company_id = p.company_id
WHERE
    p.published_at < %(before)s
    AND coalesce(v.floor_raised_at, '-infinity') < %(raised_before)s
GROUP BY v.company_id
HAVING max(p.version) > max(v.floor_version)
ORDER BY v.company_id
