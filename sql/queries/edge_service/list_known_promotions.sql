-- Those of the promotions that are, or have been, the company's.
-- Params: company_id, promotion_ids
SELECT r.promotion_id
FROM edge.promotion_records AS r
WHERE r.company_id = %(company_id)s AND r.promotion_id = ANY(%(promotion_ids)s::uuid[])
UNION
SELECT p.promotion_id
FROM edge.promotions AS p
WHERE p.company_id = %(company_id)s AND p.promotion_id = ANY(%(promotion_ids)s::uuid[])
