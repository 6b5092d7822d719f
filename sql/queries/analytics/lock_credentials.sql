-- Take a connection's turn at its credentials until the transaction ends.
-- Params: connection_id
SELECT pg_advisory_xact_lock(
    hashtextextended('analytics.credentials:' || %(connection_id)s::text, 0)
);
