-- Head office's clock; no other decides which promotions a store has.
SELECT clock_timestamp() AS now
