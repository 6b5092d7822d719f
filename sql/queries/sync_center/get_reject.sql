-- Read one refused record as it is kept: redacted, as text.
-- Params: reject_key, flows
SELECT
    rejects.reject_key, rejects.flow, rejects.entity, rejects.external_id, rejects.kind,
    rejects.reason, rejects.item::text AS item, rejects.audit_key, rejects.rejected_at, runs.run_id
FROM ops.sync_rejects AS rejects
INNER JOIN ops.sync_runs AS runs ON rejects.run_key = runs.run_key
WHERE rejects.reject_key = %(reject_key)s AND rejects.flow = ANY(%(flows)s);
