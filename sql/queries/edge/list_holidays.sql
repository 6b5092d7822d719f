-- The company's holidays.
-- Params: company_id
SELECT held_on
FROM edge.holidays
WHERE company_id = %(company_id)s
ORDER BY held_on;
