-- End the turns of connections.
-- Params: connection_ids
SELECT pg_advisory_unlock(hashtextextended('analytics.sync:' || t.connection_id::text, 0))
FROM unnest(%(connection_ids)s::bigint[]) AS t (connection_id);
