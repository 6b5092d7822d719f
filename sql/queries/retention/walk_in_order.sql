-- Take the rows of a batch from an index, in its order, and look up what they depend on one by one,
-- until the transaction ends. The planner cannot know how few of them have to stay, and would sort
-- the whole table for each batch.
SELECT
    set_config('enable_seqscan', 'off', true),
    set_config('enable_bitmapscan', 'off', true),
    set_config('enable_sort', 'off', true),
    set_config('enable_hashjoin', 'off', true),
    set_config('enable_mergejoin', 'off', true)
