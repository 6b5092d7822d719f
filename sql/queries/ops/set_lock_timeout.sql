-- Bound the wait for locks in this transaction.
-- Params: timeout (text with unit)
SELECT set_config('lock_timeout', %(timeout)s, true);
