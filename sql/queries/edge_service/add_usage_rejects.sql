-- Keep records that were not stored, once per content and reason, counting how often they came.
-- Params: company_id, store_id, usage_ids, kinds, reasons, details, records, record_hashes
INSERT INTO edge.usage_rejects AS kept (
    company_id, store_id, usage_id, kind, reason, detail, record, record_hash
)
SELECT
    %(company_id)s::uuid,
    %(store_id)s::uuid,
    r.usage_id,
    r.kind,
    r.reason,
    r.detail,
    r.record,
    r.hash
FROM
    unnest(
        %(usage_ids)s::text[],
        %(kinds)s::text[],
        %(reasons)s::text[],
        %(details)s::text[],
        %(records)s::bytea[],
        %(record_hashes)s::bytea[]
    ) AS r (
        usage_id, kind, reason, detail, record, hash
    )
ORDER BY r.hash, r.reason
ON CONFLICT (store_id, record_hash, reason) DO UPDATE
    SET times = kept.times + 1, last_received_at = clock_timestamp()
