-- Keep how connections' parts of a run ended, and how far the connections are now. What is
-- completed stays so where another process was only too late for the connection's turn.
-- Params: run_key, ends (JSON, one object a connection)
WITH ended AS (
    SELECT e.*
    FROM jsonb_to_recordset(%(ends)s::jsonb) AS e (
        connection_id bigint, outcome text, error text, counts jsonb, asked boolean, at timestamptz,
        is_first boolean, is_wide boolean, orders_until timestamptz, not_before timestamptz,
        failed boolean, report jsonb
    )
),

stated AS (
    UPDATE analytics.sync_state AS s
    SET
        last_success_at = CASE WHEN e.error IS NULL THEN e.at ELSE s.last_success_at END,
        last_error = e.error,
        consecutive_failures = CASE
            WHEN e.error IS NULL THEN 0
            ELSE s.consecutive_failures + e.failed::integer
        END,
        not_before = e.not_before,
        report = e.report,
        first_synced_at = CASE WHEN e.is_first THEN e.at ELSE s.first_synced_at END,
        last_wide_at = CASE WHEN e.is_wide THEN e.at ELSE s.last_wide_at END,
        orders_until = greatest(s.orders_until, e.orders_until)
    FROM ended AS e
    WHERE s.connection_id = e.connection_id AND e.asked
)

INSERT INTO analytics.sync_parts AS p (
    run_key, connection_id, outcome, error, counts, finished_at
)
SELECT
    %(run_key)s,
    e.connection_id,
    e.outcome,
    e.error,
    e.counts,
    now()
FROM ended AS e
ORDER BY e.connection_id ASC
ON CONFLICT (run_key, connection_id) DO UPDATE
    SET
        outcome = excluded.outcome,
        error = excluded.error,
        counts = excluded.counts,
        finished_at = excluded.finished_at
    WHERE excluded.outcome <> 'busy' OR p.outcome <> 'completed';
