-- Stop asking a connection; its figures stay.
-- Params: connection_id
UPDATE analytics.connections AS c
SET status = 'disabled', updated_at = now()
WHERE c.connection_id = %(connection_id)s;
