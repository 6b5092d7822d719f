-- Note that a connection's part is done.
-- Params: connection_id, now, first, wide, orders_until
UPDATE analytics.sync_state AS s
SET
    last_success_at = %(now)s,
    last_error = NULL,
    consecutive_failures = 0,
    not_before = NULL,
    report = NULL,
    first_synced_at = CASE WHEN %(first)s THEN %(now)s ELSE s.first_synced_at END,
    last_wide_at = CASE WHEN %(wide)s THEN %(now)s ELSE s.last_wide_at END,
    orders_until = greatest(s.orders_until, %(orders_until)s)
WHERE s.connection_id = %(connection_id)s;
