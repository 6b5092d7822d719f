-- What changed since a version and is not the store's now, and what time alone has taken out.
-- Params: store_id, brand_ids, include_inactive, company_id, since_version, strategy, future_days,
-- past_days, since_as_of, timezone, as_of, after_id, page
SELECT
    r.promotion_id AS record_id,
    r.version,
    CASE
        WHEN r.is_removed AND r.is_failed THEN 'NOT_COMPILED'
        WHEN r.is_removed THEN 'DELETED'
        WHEN NOT edge.reaches_store(r, %(store_id)s, %(brand_ids)s) THEN 'OUT_OF_SCOPE'
        WHEN NOT (r.is_active OR %(include_inactive)s) THEN 'INACTIVE'
        ELSE 'OUT_OF_WINDOW'
    END AS reason
FROM edge.promotion_records AS r
WHERE
    r.company_id = %(company_id)s
    AND (r.version > %(since_version)s OR edge.is_in_window(
        r, %(strategy)s, %(future_days)s, %(past_days)s,
        (%(since_as_of)s::timestamptz AT TIME ZONE %(timezone)s)::date
    ))
    AND NOT edge.is_sent(
        r, %(store_id)s, %(brand_ids)s, %(include_inactive)s,
        %(strategy)s, %(future_days)s, %(past_days)s,
        (%(as_of)s::timestamptz AT TIME ZONE %(timezone)s)::date
    )
    AND (
        r.version > %(since_version)s
        OR (
            edge.reaches_store(r, %(store_id)s, %(brand_ids)s)
            AND (r.is_active OR %(include_inactive)s)
        )
    )
    AND r.promotion_id > %(after_id)s
ORDER BY r.promotion_id
LIMIT %(page)s;
