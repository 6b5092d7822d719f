-- Keep the hash of a refresh token.
-- Params: token_hash, client_id, family_id, expires_at
INSERT INTO edge.refresh_tokens (token_hash, client_id, family_id, expires_at)
VALUES (%(token_hash)s, %(client_id)s, %(family_id)s, %(expires_at)s)
