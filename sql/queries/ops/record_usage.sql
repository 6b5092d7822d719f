-- Write what a run has used, over all its attempts; memory is the highest seen.
-- Params: flow, run_id, api_calls, retries, queries, bytes_received, peak_memory_bytes
UPDATE ops.sync_runs
SET
    api_calls = api_calls + %(api_calls)s,
    retries = retries + %(retries)s,
    queries = queries + %(queries)s,
    bytes_received = bytes_received + %(bytes_received)s,
    peak_memory_bytes = GREATEST(peak_memory_bytes, %(peak_memory_bytes)s)
WHERE flow = %(flow)s AND run_id = %(run_id)s;
