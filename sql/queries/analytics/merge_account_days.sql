-- Merge the staged totals per account and day.
INSERT INTO analytics.account_days AS saved (connection_id, date, currency, spend)
SELECT DISTINCT ON (s.connection_id, s.date)
    s.connection_id,
    s.date,
    s.currency,
    s.spend
FROM staged_account_days AS s
ORDER BY s.connection_id ASC, s.date ASC, s.ordinal DESC
ON CONFLICT (connection_id, date) DO UPDATE
    SET currency = excluded.currency, spend = excluded.spend, updated_at = now()
    WHERE (saved.currency, saved.spend) IS DISTINCT FROM (excluded.currency, excluded.spend);
