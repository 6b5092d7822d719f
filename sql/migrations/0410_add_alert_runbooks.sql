-- Where it is written what to do about an alert.
-- depends: 0003_create_alerts
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

ALTER TABLE ops.alerts ADD COLUMN runbook text;
COMMENT ON COLUMN ops.alerts.runbook IS 'Address of the page that says what to do.';
