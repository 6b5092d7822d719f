-- How much room tables take on the disk, with indexes and all, and about how many rows that is.
-- Params: tables
SELECT
    t.name,
    greatest(0, c.reltuples)::bigint AS estimated_rows,
    pg_total_relation_size(c.oid) AS bytes
FROM unnest(%(tables)s::text[]) AS t (name)
INNER JOIN pg_class AS c ON t.name::regclass = c.oid
