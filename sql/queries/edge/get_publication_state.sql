-- Whether anything is to be published, and what time it is here: no other clock decides which
-- promotions a store has. Cheap, asked before each sync.
-- Params: company_id
SELECT
    v.epoch,
    v.version,
    v.changed_at,
    v.floor_version,
    c.currency,
    p.published_at,
    clock_timestamp() AS read_at,
    coalesce(p.version, -1) AS published_version,
    exists(
        SELECT 1 FROM edge.marks AS m
        WHERE m.company_id = v.company_id
    ) AS has_marks
FROM edge.versions AS v
INNER JOIN edge.companies AS c ON v.company_id = c.company_id
LEFT JOIN LATERAL (
    SELECT
        n.version,
        n.published_at
    FROM edge.publications AS n
    WHERE n.company_id = v.company_id
    ORDER BY n.version DESC
    LIMIT 1
) AS p ON true
WHERE v.company_id = %(company_id)s;
