-- Turns records into tombstones.
-- Params: version, company_id, ids
UPDATE edge.category_records
SET version = %(version)s, is_removed = true, body = ''
WHERE company_id = %(company_id)s AND category_id = any(%(ids)s::uuid[]) AND NOT is_removed
RETURNING 1 AS changed;
