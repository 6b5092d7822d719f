-- Versions were given out that the backup knows nothing of: every edge starts over.
UPDATE edge.versions
SET epoch = gen_random_uuid(), floor_raised_at = NULL
