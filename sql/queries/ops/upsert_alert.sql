-- Open an alert, or count it again where one for the same cause is open. A later word of another
-- kind about the same cause (the run failed because its task did) changes nothing.
-- Params: fingerprint, kind, severity, flow, run_id, task_id, title, message, link, runbook, now
INSERT INTO ops.alerts AS saved (
    fingerprint, kind, severity, flow, run_id, task_id, title, message, link, runbook,
    opened_at, last_seen_at
)
VALUES (
    %(fingerprint)s, %(kind)s, %(severity)s, %(flow)s, %(run_id)s, %(task_id)s, %(title)s,
    %(message)s, %(link)s, %(runbook)s, %(now)s, %(now)s
)
ON CONFLICT (fingerprint) WHERE resolved_at IS NULL DO UPDATE
    SET
        occurrences = saved.occurrences + (saved.kind = excluded.kind)::int,
        last_seen_at = excluded.last_seen_at
RETURNING alert_key, (xmax = 0) AS is_new;
