-- The company's category tree.
-- Params: company_id
SELECT
    category_id,
    parent_id
FROM edge.categories
WHERE company_id = %(company_id)s;
