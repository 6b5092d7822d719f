-- Let nobody else add or change a tenant until the transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended('affiliate.tenants', 0));
