-- Close the open alerts of causes that are gone.
-- Params: fingerprints, now
UPDATE ops.alerts
SET
    resolved_at = %(now)s,
    resolved_by = 'what it told of is over'
WHERE fingerprint = ANY(%(fingerprints)s) AND resolved_at IS NULL;
