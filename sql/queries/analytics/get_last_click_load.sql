-- Find the day of the last load of the click log.
SELECT max(f.loaded_at)::date AS last_day
FROM analytics.click_files AS f;
