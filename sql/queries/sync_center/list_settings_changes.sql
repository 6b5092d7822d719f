-- The last changes of a company's settings, the newest first; only what differs is in each.
-- Params: company_id, at_most
SELECT
    h.changed_at,
    h.changed_by,
    h.settings_before,
    h.settings_after
FROM edge.settings_changes AS h
WHERE h.company_id = %(company_id)s::uuid
ORDER BY h.change_id DESC
LIMIT %(at_most)s
