-- Keep a refused record, once a run.
-- Params: run_key, flow, entity, external_id, kind, reason, item, audit_key, fingerprint, now
INSERT INTO ops.sync_rejects (
    run_key, flow, entity, external_id, kind, reason, item, audit_key, fingerprint, rejected_at
)
VALUES (
    %(run_key)s, %(flow)s, %(entity)s, %(external_id)s, %(kind)s, %(reason)s, %(item)s,
    %(audit_key)s, %(fingerprint)s, %(now)s
)
ON CONFLICT (run_key, fingerprint) DO NOTHING;
