-- Keep a report that was asked for, or forget it (NULL).
-- Params: connection_id, report
UPDATE analytics.sync_state AS s
SET report = %(report)s
WHERE s.connection_id = %(connection_id)s;
