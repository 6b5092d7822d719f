-- Keep what an edge skips, in place of what it said before.
-- Params: store_id, client_version, record_ids, versions, reasons
WITH said AS (
    SELECT DISTINCT ON (n.record_id)
        n.record_id,
        n.version,
        n.reason
    FROM
        unnest(
            %(record_ids)s::text[], %(versions)s::bigint[], %(reasons)s::text[]
        ) AS n (record_id, version, reason)
    ORDER BY n.record_id ASC, n.version DESC
),

gone AS (
    DELETE FROM edge.refused_records AS r
    WHERE r.store_id = %(store_id)s AND r.record_id != all(%(record_ids)s::text[])
)

INSERT INTO edge.refused_records AS kept (
    store_id, record_id, version, reason, client_version
)
SELECT
    %(store_id)s::uuid,
    s.record_id,
    s.version,
    s.reason,
    %(client_version)s::text
FROM said AS s
ORDER BY s.record_id
ON CONFLICT (store_id, record_id) DO UPDATE SET
    version = excluded.version,
    reason = excluded.reason,
    client_version = excluded.client_version,
    times = kept.times + 1,
    last_reported_at = clock_timestamp()
