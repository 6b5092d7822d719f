-- Let nobody else change a company's settings until this transaction ends; say who will.
-- Params: company_id, author
SELECT
    t.company_id,
    set_config('edge.changed_by', %(author)s, true) AS author
FROM edge.promotion_sync_settings AS t
WHERE t.company_id = %(company_id)s::uuid
FOR UPDATE
