-- Refresh tokens of edges that have ended; a family's later ones end later.
-- Params: before, token_hash, at_most
SELECT
    doomed.ctid,
    doomed.token_hash
FROM edge.refresh_tokens AS doomed
WHERE doomed.expires_at < %(before)s AND doomed.token_hash > %(token_hash)s
ORDER BY doomed.token_hash
LIMIT %(at_most)s
