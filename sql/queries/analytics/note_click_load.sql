-- Remember up to which day a click log was loaded without a gap; an earlier day changes nothing.
-- Params: place, loaded_until
INSERT INTO analytics.click_loads AS saved (place, loaded_until)
VALUES (%(place)s, %(loaded_until)s)
ON CONFLICT (place) DO UPDATE
    SET loaded_until = excluded.loaded_until
    WHERE saved.loaded_until < excluded.loaded_until;
