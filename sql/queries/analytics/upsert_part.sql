-- Keep how a connection's part of a run ended.
-- Params: run_key, connection_id, outcome, error, counts
INSERT INTO analytics.sync_parts (run_key, connection_id, outcome, error, counts, finished_at)
VALUES (%(run_key)s, %(connection_id)s, %(outcome)s, %(error)s, %(counts)s, now())
ON CONFLICT (run_key, connection_id) DO UPDATE
    SET
        outcome = excluded.outcome,
        error = excluded.error,
        counts = excluded.counts,
        finished_at = excluded.finished_at;
