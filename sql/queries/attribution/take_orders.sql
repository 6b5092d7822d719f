-- Take up to so many stale orders into this transaction: they are stale again if it does not end.
-- Params: batch_size
WITH taken AS (
    DELETE FROM analytics.stale_orders AS s
    WHERE
        s.order_id IN (
            SELECT q.order_id FROM analytics.stale_orders AS q
            ORDER BY q.order_id
            LIMIT %(batch_size)s
        )
    RETURNING s.order_id
)

INSERT INTO taken_orders
SELECT
    o.order_id,
    o.workspace_id,
    o.connection_id,
    o.external_id,
    o.ordered_at,
    (o.ordered_at AT TIME ZONE w.timezone)::date AS order_day,
    coalesce(
        extract(
            EPOCH FROM timezone(c.timezone, o.ordered_at) - timezone('UTC', o.ordered_at)
        ),
        0
    )::bigint AS utc_offset_seconds,
    o.currency,
    greatest(
        analytics.minor_digits(o.currency),
        scale(trim_scale(o.gross)),
        scale(trim_scale(o.refunded))
    ) AS minor_digits,
    o.gross,
    o.refunded,
    CASE WHEN o.exchange_currency = w.reporting_currency THEN o.exchange_rate END AS order_rate,
    o.state <> 'pending' AND NOT o.is_test AS counts,
    o.not_attributable,
    o.coupons,
    o.own_click_ids,
    w.attribution_window_days * 86400 AS window_seconds,
    w.attribution_models,
    w.paid_media,
    w.counts_unproven_clicks,
    o.flags
FROM taken AS t
INNER JOIN analytics.orders AS o ON t.order_id = o.order_id
INNER JOIN analytics.workspaces AS w ON o.workspace_id = w.workspace_id
INNER JOIN analytics.connections AS c ON o.connection_id = c.connection_id;
