-- Says why a promotion is not served.
-- Params: promotion_id, company_id, code, reason, version
INSERT INTO edge.promotion_compile_errors AS e (promotion_id, company_id, code, reason, version)
VALUES (%(promotion_id)s, %(company_id)s, %(code)s, %(reason)s, %(version)s)
ON CONFLICT (promotion_id) DO UPDATE SET
    company_id = excluded.company_id,
    code = excluded.code,
    reason = excluded.reason,
    version = excluded.version,
    last_failed_at = clock_timestamp();
