-- Close what a flow's earlier runs were alerted about and nobody has taken, if this one went well.
-- A dry run shows nothing, nor does a run that had errors of its own.
-- Params: flow, run_id, kinds, now
UPDATE ops.alerts AS a
SET
    resolved_at = %(now)s,
    resolved_by = 'a later run went well: ' || r.run_id
FROM ops.sync_runs AS r
WHERE
    r.flow = %(flow)s
    AND r.run_id = %(run_id)s
    AND r.status = 'completed'
    AND NOT coalesce((r.params ->> 'dry_run')::boolean, FALSE)
    AND a.flow = r.flow
    AND a.kind = any(%(kinds)s)
    AND a.run_id != r.run_id
    AND a.last_seen_at < r.started_at
    AND a.acknowledged_at IS NULL
    AND a.resolved_at IS NULL;
