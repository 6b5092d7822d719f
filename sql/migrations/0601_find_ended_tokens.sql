-- Retention finds refresh tokens that have ended by their time, and so need not read any.
-- depends: 0600_run_edge_triggers_as_owner
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '600s';

-- squawk-ignore require-concurrent-index-creation
CREATE INDEX refresh_tokens_expires_at_idx
ON edge.refresh_tokens (expires_at, family_id, issued_at);
