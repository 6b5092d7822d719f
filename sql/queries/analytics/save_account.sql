-- Keep what the vendor says of an account; never overwrites the name that people gave it.
-- Params: connection_id, currency, timezone
UPDATE analytics.connections AS c
SET currency = %(currency)s, timezone = %(timezone)s, updated_at = now()
WHERE
    c.connection_id = %(connection_id)s
    AND (c.currency, c.timezone) IS DISTINCT FROM (%(currency)s, %(timezone)s);
