-- Compare how many orders a store says were created on a day with ours; open, update or resolve the
-- issue. Returns our count.
-- Params: connection_id, first_instant, end_instant (of the day), there (the store's count), day,
-- now
WITH here AS (
    SELECT count(*) AS orders
    FROM analytics.orders AS o
    WHERE
        o.connection_id = %(connection_id)s
        AND o.ordered_at >= %(first_instant)s
        AND o.ordered_at < %(end_instant)s
),

kept AS (
    INSERT INTO analytics.consistency_issues AS saved (
        kind, subject, date, workspace_id, detail, opened_at, updated_at
    )
    SELECT
        'order_count' AS kind,
        'connection:' || c.connection_id AS subject,
        %(day)s::date AS date,
        c.workspace_id,
        format('%%s orders in the store, %%s here', %(there)s::bigint, h.orders) AS detail,
        %(now)s AS opened_at,
        %(now)s AS updated_at
    FROM analytics.connections AS c
    CROSS JOIN here AS h
    WHERE c.connection_id = %(connection_id)s AND h.orders <> %(there)s::bigint
    ON CONFLICT (kind, subject, date) DO UPDATE
        SET detail = excluded.detail, updated_at = excluded.updated_at, resolved_at = NULL
        WHERE saved.detail <> excluded.detail OR saved.resolved_at IS NOT NULL
),

resolved AS (
    UPDATE analytics.consistency_issues AS i
    SET resolved_at = %(now)s, updated_at = %(now)s
    FROM here AS h
    WHERE
        i.kind = 'order_count'
        AND i.subject = 'connection:' || %(connection_id)s::bigint
        AND i.date = %(day)s::date
        AND i.resolved_at IS NULL
        AND h.orders = %(there)s::bigint
)

SELECT h.orders FROM here AS h;
