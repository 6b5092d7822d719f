-- From now on this version is served.
-- Params: company_id, version
INSERT INTO edge.publications (company_id, version)
VALUES (%(company_id)s, %(version)s)
ON CONFLICT DO NOTHING;
