-- Findings of promotion audits of long ago.
-- Params: before, company_id, audited_on, promotion_id, finding, at_most
SELECT
    doomed.ctid,
    doomed.company_id,
    doomed.audited_on,
    doomed.promotion_id,
    doomed.finding
FROM edge.promotion_audits AS doomed
WHERE
    doomed.audited_at < %(before)s
    AND (doomed.company_id, doomed.audited_on, doomed.promotion_id, doomed.finding)
    > (%(company_id)s::uuid, %(audited_on)s::date, %(promotion_id)s::uuid, %(finding)s)
ORDER BY doomed.company_id, doomed.audited_on, doomed.promotion_id, doomed.finding
LIMIT %(at_most)s
