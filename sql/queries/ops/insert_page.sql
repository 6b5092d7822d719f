-- Write which archived page is merged.
-- Params: run_key, entity, audit_key, item_count, fetched_at
INSERT INTO ops.sync_pages (run_key, entity, audit_key, item_count, fetched_at)
VALUES (%(run_key)s, %(entity)s, %(audit_key)s, %(item_count)s, %(fetched_at)s)
RETURNING page_key;
