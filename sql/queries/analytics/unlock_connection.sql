-- End a connection's turn.
-- Params: connection_id
SELECT pg_advisory_unlock(hashtextextended('analytics.sync:' || %(connection_id)s::text, 0));
