-- Forgets errors of promotions that compile again or are gone.
-- Params: company_id, ids
DELETE FROM edge.promotion_compile_errors
WHERE company_id = %(company_id)s AND promotion_id = any(%(ids)s::uuid[]);
