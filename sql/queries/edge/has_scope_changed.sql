-- Whether what decides a store's records has changed since a version.
-- Params: store_id, version
SELECT
    exists(
        SELECT 1 FROM edge.store_scopes AS c
        WHERE c.store_id = %(store_id)s AND c.version > %(version)s
    ) AS changed;
