-- Refresh tokens of edges that have ended; a family's later ones end later. The tokens themselves
-- are not read: the flows' role may not.
-- Params: before, expires_at, family_id, issued_at, at_most
SELECT
    doomed.ctid,
    doomed.expires_at,
    doomed.family_id,
    doomed.issued_at
FROM edge.refresh_tokens AS doomed
WHERE
    doomed.expires_at < %(before)s
    AND (doomed.expires_at, doomed.family_id, doomed.issued_at)
    > (%(expires_at)s, %(family_id)s::uuid, %(issued_at)s)
ORDER BY doomed.expires_at, doomed.family_id, doomed.issued_at
LIMIT %(at_most)s
