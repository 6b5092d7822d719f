-- Close the open alerts of a flow and some kinds whose causes are gone.
-- Params: flow, kinds, fingerprints (the causes that are still there), now
UPDATE ops.alerts
SET
    resolved_at = %(now)s,
    resolved_by = 'what it told of is over'
WHERE
    flow = %(flow)s
    AND kind = ANY(%(kinds)s)
    AND NOT fingerprint = ANY(%(fingerprints)s)
    AND resolved_at IS NULL;
