-- List the connections that a run may ask: active, not asked to wait, and not done by it already.
-- While one of them waits for a report, which is looked at every few seconds, the others are not
-- asked at each look: those that failed, and those whose vendor asked to wait.
-- Params: workspace_id, vendors, connection_ids (each NULL or empty: all), now, run_key, forced
SELECT
    c.connection_id,
    c.workspace_id,
    c.vendor
FROM analytics.connections AS c
LEFT JOIN analytics.sync_state AS s ON c.connection_id = s.connection_id
WHERE
    c.status = 'active'
    AND c.credentials IS NOT NULL
    AND (%(workspace_id)s::bigint IS NULL OR c.workspace_id = %(workspace_id)s::bigint)
    AND (cardinality(%(vendors)s::text[]) = 0 OR c.vendor = any(%(vendors)s::text[]))
    AND (
        cardinality(%(connection_ids)s::bigint[]) = 0
        OR c.connection_id = any(%(connection_ids)s::bigint[])
    )
    AND (%(forced)s OR coalesce(s.not_before <= %(now)s, TRUE))
    AND NOT EXISTS (
        SELECT 1 FROM analytics.sync_parts AS p
        WHERE
            p.run_key = %(run_key)s
            AND p.connection_id = c.connection_id
            AND (
                p.outcome = 'completed'
                OR (
                    p.outcome IN ('failed', 'deferred')
                    AND EXISTS (
                        SELECT 1 FROM analytics.sync_parts AS w
                        WHERE
                            w.run_key = %(run_key)s
                            AND w.outcome = 'waiting'
                            AND (
                                cardinality(%(connection_ids)s::bigint[]) = 0
                                OR w.connection_id = any(%(connection_ids)s::bigint[])
                            )
                    )
                )
            )
    )
ORDER BY c.vendor ASC, c.connection_id ASC;
