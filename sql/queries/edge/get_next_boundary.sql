-- When the next local day begins on which time alone changes the store's promotions.
-- Params: timezone, strategy, future_days, past_days, company_id, store_id, brand_ids,
-- include_inactive, as_of
SELECT (min(edges.edge_on)::timestamp AT TIME ZONE %(timezone)s) AS boundary_at
FROM edge.promotion_records AS r
CROSS JOIN
    LATERAL (
        VALUES
        (r.start_on - CASE %(strategy)s WHEN 'include_future' THEN %(future_days)s::int ELSE 0 END),
        (r.end_on + 1 + CASE %(strategy)s WHEN 'include_future' THEN %(past_days)s::int ELSE 0 END)
    ) AS edges (edge_on)
WHERE
    r.company_id = %(company_id)s
    AND %(strategy)s IN ('current_only', 'include_future')
    AND edge.reaches_store(r, %(store_id)s, %(brand_ids)s)
    AND (r.is_active OR %(include_inactive)s)
    -- Who writes the last day of the calendar means "for ever".
    AND edges.edge_on < date '9999-01-01'
    AND edges.edge_on > (%(as_of)s::timestamptz AT TIME ZONE %(timezone)s)::date;
