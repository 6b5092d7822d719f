-- Transactions of another server have other numbers. The rollup reads everything once, and then
-- goes on from this server's.
WITH forgotten AS (
    DELETE FROM edge.rollup_progress
)

UPDATE edge.promotion_usages
SET recorded_in = pg_current_xact_id()
WHERE recorded_in > pg_current_xact_id()
