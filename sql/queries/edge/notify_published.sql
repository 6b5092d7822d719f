-- Wakes those who watch the company.
SELECT pg_notify('edge_published', %(company_id)s::uuid::text);
