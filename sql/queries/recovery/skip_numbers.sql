-- Numbers after the backup's last were given out already: pages, alerts and messages name them.
SELECT
    setval(
        (quote_ident(s.schemaname) || '.' || quote_ident(s.sequencename))::regclass,
        coalesce(s.last_value, 0) + 1000000
    )
FROM pg_sequences AS s
WHERE s.schemaname IN ('affiliate', 'analytics', 'edge', 'ops')
