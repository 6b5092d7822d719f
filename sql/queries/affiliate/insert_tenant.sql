-- Add a tenant.
-- Params: name, email, external_ref, default_share_pct, custom_domain
INSERT INTO affiliate.tenants AS t (name, email, external_ref, default_share_pct, custom_domain)
VALUES (
    %(name)s, %(email)s, %(external_ref)s, %(default_share_pct)s, %(custom_domain)s
)
RETURNING t.tenant_id;
