-- The newest version that was served well before an instant; a client's clock may be wrong.
-- Params: company_id, instant
SELECT coalesce(max(p.version), 0) AS version
FROM edge.publications AS p
WHERE
    p.company_id = %(company_id)s
    AND p.published_at < %(instant)s::timestamptz - interval '10 minutes';
