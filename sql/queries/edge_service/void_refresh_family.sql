-- Void a refresh token's whole chain, because one of its tokens came a second time.
-- Params: token_hash
DELETE FROM edge.refresh_tokens AS t
USING edge.refresh_tokens AS seen
WHERE seen.token_hash = %(token_hash)s AND t.family_id = seen.family_id
