-- Close the open alerts about a run's failure, and about those of its parts.
-- Params: fingerprint, now
UPDATE ops.alerts
SET
    resolved_at = %(now)s,
    resolved_by = 'the run was repeated and went well'
WHERE
    (fingerprint = %(fingerprint)s OR starts_with(fingerprint, %(fingerprint)s || '/'))
    AND resolved_at IS NULL;
