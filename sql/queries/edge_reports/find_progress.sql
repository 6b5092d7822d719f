-- Up to where a rollup has read. Nothing before the first time, and nothing where the numbering of
-- transactions has gone back because the database was restored: then everything is read again.
-- Params: report
SELECT p.processed_before::text AS since
FROM edge.rollup_progress AS p
WHERE
    p.report = %(report)s
    AND p.processed_before <= pg_snapshot_xmin(pg_current_snapshot())
