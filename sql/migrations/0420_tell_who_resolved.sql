-- Who or what closed an alert: a person, or the run that showed that it is over.
-- depends: 0410_add_alert_runbooks
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

ALTER TABLE ops.alerts ADD COLUMN resolved_by text;
COMMENT ON COLUMN ops.alerts.resolved_by IS 'A person''s name, or why it closed by itself.';
