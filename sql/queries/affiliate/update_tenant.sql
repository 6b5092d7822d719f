-- Change what we decide of a tenant; the publisher that the sync has found stays.
-- Params: tenant_id, name, email, external_ref, default_share_pct, custom_domain
UPDATE affiliate.tenants AS t
SET
    name = %(name)s,
    email = %(email)s,
    external_ref = %(external_ref)s,
    default_share_pct = %(default_share_pct)s,
    custom_domain = %(custom_domain)s
WHERE t.tenant_id = %(tenant_id)s
RETURNING t.tenant_id;
