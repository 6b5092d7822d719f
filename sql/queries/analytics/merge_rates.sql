-- Add exchange rates and correct those that changed; return the days that they count for. Of two
-- for the same day, pair and source the later one counts.
-- Params: days, bases, quotes, rates, sources
WITH given AS (
    SELECT DISTINCT ON (g.rate_date, g.base_currency, g.quote_currency, g.source) g.*
    FROM
        unnest(
            %(days)s::date[], %(bases)s::text[], %(quotes)s::text[], %(rates)s::numeric[],
            %(sources)s::text[]
        ) WITH ORDINALITY AS g (rate_date, base_currency, quote_currency, rate, source, place)
    ORDER BY
        g.rate_date ASC, g.base_currency ASC, g.quote_currency ASC, g.source ASC, g.place DESC
),

written AS (
    INSERT INTO analytics.fx_rates AS saved (
        rate_date, base_currency, quote_currency, rate, source
    )
    SELECT
        g.rate_date,
        g.base_currency,
        g.quote_currency,
        g.rate,
        g.source
    FROM given AS g
    ON CONFLICT (base_currency, quote_currency, rate_date, source) DO UPDATE
        SET rate = excluded.rate, loaded_at = now()
        WHERE saved.rate <> round(excluded.rate, 12)
    RETURNING saved.rate_date
)

SELECT
    min(w.rate_date) AS first_day,
    max(w.rate_date) + 7 AS last_day,
    count(*) AS written
FROM written AS w;
