-- Wakes those who watch the company.
-- Params: company_id
SELECT pg_notify('edge_published', %(company_id)s::uuid::text);
