-- The most important promotions that other settings would bring to a store, and take from it.
-- Params: company_id, store_id, at_most (of each); as settings sync_strategy, future_days,
-- past_days, include_inactive
WITH store AS MATERIALIZED (
    SELECT
        s.company_id,
        s.store_id,
        (now() AT TIME ZONE s.timezone)::date AS today,
        array(
            SELECT b.brand_id
            FROM edge.store_brands AS b
            WHERE b.store_id = s.store_id
        ) AS brand_ids
    FROM edge.stores AS s
    INNER JOIN edge.companies AS c ON s.company_id = c.company_id
    WHERE
        s.company_id = %(company_id)s::uuid
        AND s.store_id = %(store_id)s::uuid
        AND s.is_active
        AND c.is_active
),

decided AS (
    SELECT
        r.promotion_id,
        r.execution_priority,
        r.priority,
        edge.is_sent(
            r, s.store_id, s.brand_ids, t.include_inactive,
            t.sync_strategy, t.future_days, t.past_days, s.today
        ) AS is_sent,
        edge.is_sent(
            r, s.store_id, s.brand_ids, %(include_inactive)s,
            %(sync_strategy)s, %(future_days)s, %(past_days)s, s.today
        ) AS would_be
    FROM store AS s
    INNER JOIN edge.promotion_sync_settings AS t ON s.company_id = t.company_id
    INNER JOIN edge.promotion_records AS r ON s.company_id = r.company_id
),

moved AS MATERIALIZED (
    SELECT
        d.promotion_id,
        d.would_be AS comes,
        row_number() OVER (
            PARTITION BY d.would_be
            ORDER BY d.execution_priority ASC, d.priority DESC, d.promotion_id ASC
        ) AS place
    FROM decided AS d
    WHERE d.is_sent != d.would_be
)

SELECT
    p.code,
    p.name,
    p.start_on,
    p.end_on,
    m.comes
FROM moved AS m
INNER JOIN edge.promotions AS p ON m.promotion_id = p.promotion_id
WHERE m.place <= %(at_most)s
ORDER BY m.comes DESC, m.place ASC
