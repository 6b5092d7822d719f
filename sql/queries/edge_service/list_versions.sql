-- The data versions of companies.
-- Params: company_ids
SELECT
    v.company_id,
    v.epoch,
    v.version,
    v.changed_at
FROM edge.versions AS v
WHERE v.company_id = ANY(%(company_ids)s::uuid[])
