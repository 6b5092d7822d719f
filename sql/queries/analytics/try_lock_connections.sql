-- Take the turns of connections for the life of the session, of those that nobody has.
-- Params: connection_ids
SELECT t.connection_id
FROM unnest(%(connection_ids)s::bigint[]) AS t (connection_id)
WHERE pg_try_advisory_lock(hashtextextended('analytics.sync:' || t.connection_id::text, 0));
