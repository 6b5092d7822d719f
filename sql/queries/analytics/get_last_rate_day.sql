-- Find the last day with a published rate.
SELECT max(r.rate_date) AS last_day
FROM analytics.fx_rates AS r
WHERE r.source = 'ecb';
