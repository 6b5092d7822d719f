-- Alerts and their deliveries; how often a run was interrupted.
-- depends: 0002_create_affiliate
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

CREATE TABLE ops.alerts (
    alert_key bigint GENERATED ALWAYS AS IDENTITY,
    fingerprint text NOT NULL,
    kind text NOT NULL,
    severity text NOT NULL,
    flow text NOT NULL,
    run_id text,
    task_id text,
    title text NOT NULL,
    message text NOT NULL,
    link text,
    occurrences bigint NOT NULL DEFAULT 1,
    opened_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    notified_at timestamptz,
    acknowledged_at timestamptz,
    acknowledged_by text,
    resolved_at timestamptz,
    CONSTRAINT alerts_pkey PRIMARY KEY (alert_key),
    CONSTRAINT alerts_severity_check CHECK (severity IN ('warning', 'critical'))
);
COMMENT ON TABLE ops.alerts IS 'What somebody should look at; one open row a cause.';
COMMENT ON COLUMN ops.alerts.fingerprint IS 'Names the cause: while an alert of it is open, it is counted and not sent again.';
COMMENT ON COLUMN ops.alerts.notified_at IS 'When the first channel had it.';
CREATE UNIQUE INDEX alerts_fingerprint_open_idx ON ops.alerts (fingerprint)
WHERE resolved_at IS NULL;
CREATE INDEX alerts_flow_kind_opened_at_idx ON ops.alerts (flow, kind, opened_at);

CREATE TABLE ops.alert_deliveries (
    alert_key bigint NOT NULL,
    channel text NOT NULL,
    status text NOT NULL,
    attempts bigint NOT NULL DEFAULT 0,
    next_try_at timestamptz NOT NULL,
    last_error text,
    delivered_at timestamptz,
    CONSTRAINT alert_deliveries_pkey PRIMARY KEY (alert_key, channel),
    CONSTRAINT alert_deliveries_alert_key_fkey FOREIGN KEY (alert_key)
    REFERENCES ops.alerts (alert_key) ON DELETE CASCADE,
    CONSTRAINT alert_deliveries_status_check CHECK (
        status IN ('pending', 'delivered', 'withheld')
    )
);
COMMENT ON TABLE ops.alert_deliveries IS 'An alert on its way to a channel; pending until the channel has taken it.';
COMMENT ON COLUMN ops.alert_deliveries.status IS 'withheld: the rate limit of its kind kept it back; it is in the table only.';
CREATE INDEX alert_deliveries_pending_idx ON ops.alert_deliveries (next_try_at)
WHERE status = 'pending';

ALTER TABLE ops.sync_runs ADD COLUMN interruptions bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN ops.sync_runs.interruptions IS 'How many of its attempts died without a word (killed).';
