-- Read the refused records of a flow, the newest first, page by page.
-- Params: flow, run_key (NULL: of all runs), before (NULL: from the newest), at_most
SELECT
    rejects.reject_key, rejects.flow, rejects.entity, rejects.external_id, rejects.kind,
    rejects.reason, rejects.rejected_at, runs.run_id
FROM ops.sync_rejects AS rejects
INNER JOIN ops.sync_runs AS runs ON rejects.run_key = runs.run_key
WHERE
    rejects.flow = %(flow)s
    AND (%(run_key)s::bigint IS NULL OR rejects.run_key = %(run_key)s::bigint)
    AND (%(before)s::bigint IS NULL OR rejects.reject_key < %(before)s::bigint)
ORDER BY rejects.reject_key DESC
LIMIT %(at_most)s;
