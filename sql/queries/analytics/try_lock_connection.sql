-- Take a connection's turn for the life of the session, if nobody has it.
-- Params: connection_id
SELECT pg_try_advisory_lock(hashtextextended('analytics.sync:' || %(connection_id)s::text, 0));
