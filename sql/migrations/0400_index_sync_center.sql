-- Sync Center shows the newest of many: open alerts, a flow's refused records.
-- depends: 0003_create_alerts
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '600s';

-- squawk-ignore require-concurrent-index-creation
CREATE INDEX alerts_unresolved_idx ON ops.alerts (alert_key) WHERE resolved_at IS NULL;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX sync_rejects_flow_reject_key_idx ON ops.sync_rejects (flow, reject_key DESC);
