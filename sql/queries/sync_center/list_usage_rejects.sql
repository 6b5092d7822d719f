-- Uploaded usages of a company that were not stored, the newest first.
-- Params: company_id, at_most
SELECT
    s.code AS store,
    r.usage_id,
    r.kind,
    r.reason,
    r.detail,
    r.times,
    r.last_received_at
FROM edge.usage_rejects AS r
INNER JOIN edge.stores AS s ON r.store_id = s.store_id
WHERE r.company_id = %(company_id)s::uuid
ORDER BY r.reject_key DESC
LIMIT %(at_most)s
