-- Drop how the parts of runs ended that began long ago; run keys grow, so what is before the oldest
-- run that is young enough is older.
-- Params: begun_after
DELETE FROM analytics.sync_parts AS p
WHERE
    p.run_key < (
        SELECT min(r.run_key) FROM ops.sync_runs AS r
        WHERE r.started_at >= %(begun_after)s
    );
