-- Notes that what decides a store's records has changed; a mark of the company stands for all of
-- its stores.
-- Params: version, company_id
INSERT INTO edge.store_scopes (store_id, company_id, version)
SELECT
    s.store_id,
    s.company_id,
    %(version)s::bigint AS version
FROM edge.stores AS s
WHERE
    s.company_id = %(company_id)s
    AND EXISTS (
        SELECT 1 FROM marked AS m
        WHERE m.kind = 'store' AND m.record_id IN (s.store_id, s.company_id)
    )
ON CONFLICT (store_id) DO UPDATE SET company_id = excluded.company_id, version = excluded.version;
