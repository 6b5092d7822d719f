-- Merge a connection's staged totals per day.
-- Params: connection_id
INSERT INTO analytics.account_days AS saved (connection_id, date, currency, spend)
SELECT DISTINCT ON (s.date)
    %(connection_id)s,
    s.date,
    s.currency,
    s.spend
FROM staged_account_days AS s
ORDER BY s.date ASC
ON CONFLICT (connection_id, date) DO UPDATE
    SET currency = excluded.currency, spend = excluded.spend, updated_at = now()
    WHERE (saved.currency, saved.spend) IS DISTINCT FROM (excluded.currency, excluded.spend);
