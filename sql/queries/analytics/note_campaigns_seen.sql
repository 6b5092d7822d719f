-- Note when the campaigns of connections were listed to the end.
-- Params: connection_ids, seen_at (one each)
UPDATE analytics.sync_state AS s
SET campaigns_seen_at = t.seen_at
FROM
    unnest(%(connection_ids)s::bigint[], %(seen_at)s::timestamptz[]) AS t (connection_id, seen_at)
WHERE s.connection_id = t.connection_id;
