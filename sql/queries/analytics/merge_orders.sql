-- Merge a connection's staged orders: of twins the newest version counts, an older one than the
-- stored never does, an unchanged one is not written. Notes those written in changed_orders.
-- Params: connection_id, workspace_id, pulled_at
WITH latest AS (
    SELECT DISTINCT ON (s.external_id) s.*
    FROM staged_orders AS s
    ORDER BY s.external_id ASC, s.changed_at DESC NULLS LAST, s.ordinal DESC
),

written AS (
    INSERT INTO analytics.orders AS saved (
        workspace_id, connection_id, external_id, number, ordered_at, changed_at, currency, gross,
        refunded, net, exchange_rate, exchange_currency, state, raw_status, cancelled_at, is_test,
        not_attributable, source, coupons, customer_key, own_click_ids, refunds, touches_ready,
        flags, checksum, pulled_at
    )
    SELECT
        %(workspace_id)s,
        %(connection_id)s,
        l.external_id,
        l.number,
        l.ordered_at,
        l.changed_at,
        l.currency,
        l.gross,
        l.refunded,
        l.gross - l.refunded,
        l.exchange_rate,
        l.exchange_currency,
        l.state,
        l.raw_status,
        l.cancelled_at,
        l.is_test,
        l.not_attributable,
        l.source,
        l.coupons,
        l.customer_key,
        l.own_click_ids,
        l.refunds,
        l.touches_ready,
        l.flags,
        l.checksum,
        %(pulled_at)s
    FROM latest AS l
    ORDER BY l.external_id ASC
    ON CONFLICT (connection_id, external_id) DO UPDATE
        SET
            number = excluded.number,
            ordered_at = excluded.ordered_at,
            changed_at = excluded.changed_at,
            currency = excluded.currency,
            gross = excluded.gross,
            refunded = excluded.refunded,
            net = excluded.net,
            exchange_rate = excluded.exchange_rate,
            exchange_currency = excluded.exchange_currency,
            state = excluded.state,
            raw_status = excluded.raw_status,
            cancelled_at = excluded.cancelled_at,
            is_test = excluded.is_test,
            not_attributable = excluded.not_attributable,
            source = excluded.source,
            coupons = excluded.coupons,
            customer_key = excluded.customer_key,
            own_click_ids = excluded.own_click_ids,
            refunds = excluded.refunds,
            touches_ready = excluded.touches_ready OR saved.touches_ready,
            flags = excluded.flags,
            checksum = excluded.checksum,
            pulled_at = excluded.pulled_at,
            updated_at = now()
        WHERE
        saved.checksum <> excluded.checksum
        AND coalesce(excluded.changed_at >= saved.changed_at, TRUE)
    RETURNING saved.order_id, saved.external_id, saved.xmax = 0 AS is_new
)

INSERT INTO changed_orders (order_id, ordinal, is_new)
SELECT
    w.order_id,
    l.ordinal,
    w.is_new
FROM written AS w
INNER JOIN latest AS l ON w.external_id = l.external_id;
