-- Let nobody else link the same account or store until the transaction ends.
-- Params: vendor, external_id
SELECT pg_advisory_xact_lock(
    hashtextextended(
        'analytics.link:' || %(vendor)s::text || ':' || lower(%(external_id)s::text), 0
    )
);
