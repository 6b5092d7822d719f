-- Use a refresh token up; nothing is returned when it was used before, is too old or unknown.
-- Params: token_hash
UPDATE edge.refresh_tokens AS t
SET used_at = clock_timestamp()
WHERE t.token_hash = %(token_hash)s AND t.used_at IS NULL AND t.expires_at > clock_timestamp()
RETURNING t.client_id, t.family_id
