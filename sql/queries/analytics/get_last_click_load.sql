-- Find the last day up to which a click log was loaded without a gap.
-- Params: place
SELECT l.loaded_until
FROM analytics.click_loads AS l
WHERE l.place = %(place)s;
