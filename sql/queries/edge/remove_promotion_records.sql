-- Turns records into tombstones, of deleted promotions or of those that do not compile.
-- Params: version, is_failed, company_id, ids
UPDATE edge.promotion_records
SET version = %(version)s, is_removed = true, is_failed = %(is_failed)s, body = ''
WHERE
    company_id = %(company_id)s
    AND promotion_id = any(%(ids)s::uuid[])
    AND (NOT is_removed OR is_failed != %(is_failed)s)
RETURNING 1 AS changed;
