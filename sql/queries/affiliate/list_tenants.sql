-- List the tenants.
SELECT
    t.tenant_id,
    t.name,
    t.email,
    t.external_ref,
    t.trackier_pid,
    t.default_share_pct,
    t.custom_domain
FROM affiliate.tenants AS t
ORDER BY t.tenant_id ASC;
