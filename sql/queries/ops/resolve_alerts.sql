-- Close the open alerts of causes that are gone.
-- Params: fingerprints, now
UPDATE ops.alerts
SET resolved_at = %(now)s
WHERE fingerprint = ANY(%(fingerprints)s) AND resolved_at IS NULL;
