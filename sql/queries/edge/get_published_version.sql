-- The version that is served; NULL before the first.
-- Params: company_id
SELECT max(p.version) AS version
FROM edge.publications AS p
WHERE p.company_id = %(company_id)s;
