-- One round of attribution at a time, until the transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended('analytics.attribution', 0));
