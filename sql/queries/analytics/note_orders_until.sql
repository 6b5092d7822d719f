-- Note that a store's orders that changed before an instant are here.
-- Params: connection_id, orders_until
UPDATE analytics.sync_state AS s
SET orders_until = greatest(s.orders_until, %(orders_until)s)
WHERE s.connection_id = %(connection_id)s;
