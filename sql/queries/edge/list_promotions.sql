-- The store's promotions now, most important first; with a version, only what is new since then.
-- Params: company_id, store_id, brand_ids, include_inactive, strategy, future_days, past_days,
-- as_of, timezone, since_version, since_as_of, after_execution_priority, after_priority, after_id,
-- page
SELECT
    r.promotion_id,
    r.version,
    r.execution_priority,
    r.priority,
    r.body
FROM edge.promotion_records AS r
WHERE
    r.company_id = %(company_id)s
    AND edge.is_sent(
        r, %(store_id)s, %(brand_ids)s, %(include_inactive)s,
        %(strategy)s, %(future_days)s, %(past_days)s,
        (%(as_of)s::timestamptz AT TIME ZONE %(timezone)s)::date
    )
    AND (
        %(since_version)s::bigint IS NULL
        OR r.version > %(since_version)s
        -- Time alone has brought it in.
        OR NOT edge.is_in_window(
            r, %(strategy)s, %(future_days)s, %(past_days)s,
            (%(since_as_of)s::timestamptz AT TIME ZONE %(timezone)s)::date
        )
    )
    AND (r.execution_priority, -r.priority, r.promotion_id)
    > (%(after_execution_priority)s, -%(after_priority)s::bigint, %(after_id)s)
ORDER BY r.execution_priority ASC, r.priority DESC, r.promotion_id ASC
LIMIT %(page)s;
