-- How far the chunks of some brands are marked, beside the version that is served.
-- Params: company_id, brand_ids
SELECT
    s.brand_id,
    s.version,
    s.revision,
    (
        SELECT max(p.version) FROM edge.publications AS p
        WHERE p.company_id = s.company_id
    ) AS published_version
FROM edge.chunk_scopes AS s
WHERE s.company_id = %(company_id)s AND s.brand_id = any(%(brand_ids)s::uuid[]);
