-- Wait for a share of the flow's advisory lock; it is held until the connection closes.
-- Params: flow
SELECT pg_advisory_lock_shared(hashtextextended('vendor_sync.flow:' || %(flow)s, 0));
