-- Marks the chunks of a brand in which something has changed; its lock is held. All of them when
-- that is cheaper than to look each change up, or when removals were forgotten meanwhile.
-- Params: company_id, brand_id, version, most
WITH scope AS (
    SELECT
        s.version,
        s.version < v.floor_version AS is_too_old,
        (
            SELECT max(p.version) FROM edge.publications AS p
            WHERE p.company_id = s.company_id
        ) AS published_version
    FROM edge.chunk_scopes AS s
    INNER JOIN edge.versions AS v ON s.company_id = v.company_id
    WHERE s.company_id = %(company_id)s AND s.brand_id = %(brand_id)s
),

changed AS MATERIALIZED (
    SELECT r.product_id
    FROM edge.product_records AS r
    WHERE
        r.company_id = %(company_id)s
        AND r.version > %(version)s
        AND (r.brand_id = %(brand_id)s OR %(brand_id)s = any(r.former_brand_ids))
    ORDER BY r.version
    LIMIT %(most)s::bigint + 1
),

touched AS MATERIALIZED (
    SELECT DISTINCT
        (
            SELECT n.chunk_id
            FROM edge.product_chunks AS n
            WHERE
                n.company_id = %(company_id)s
                AND n.brand_id = %(brand_id)s
                AND n.first_id <= c.product_id
            ORDER BY n.first_id DESC
            LIMIT 1
        ) AS chunk_id
    FROM changed AS c
    WHERE (SELECT count(*) FROM changed) <= %(most)s::bigint
),

marked AS (
    UPDATE edge.product_chunks AS n
    SET is_dirty = true
    WHERE
        n.company_id = %(company_id)s
        AND n.brand_id = %(brand_id)s
        AND NOT n.is_dirty
        AND (
            n.chunk_id IN (SELECT t.chunk_id FROM touched AS t)
            OR (SELECT s.is_too_old FROM scope AS s)
            OR (SELECT count(*) FROM changed) > %(most)s::bigint
        )
    RETURNING n.chunk_id
)

UPDATE edge.chunk_scopes AS s
SET
    version = greatest(s.version, scope.published_version),
    revision = s.revision + least(1, (SELECT count(*) FROM marked))
FROM scope
WHERE s.company_id = %(company_id)s AND s.brand_id = %(brand_id)s;
