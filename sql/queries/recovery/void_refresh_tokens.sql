-- Tokens that the backup holds as unused may have been used since; edges log in again.
DELETE FROM edge.refresh_tokens
