-- Close the open alert of a cause that is gone.
-- Params: fingerprint, now
UPDATE ops.alerts
SET resolved_at = %(now)s
WHERE fingerprint = %(fingerprint)s AND resolved_at IS NULL;
