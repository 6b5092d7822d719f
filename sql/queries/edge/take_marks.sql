-- Takes the marks of this snapshot; those of transactions still running stay for the next one.
-- Params: company_id
WITH taken AS (
    DELETE FROM edge.marks
    WHERE company_id = %(company_id)s
    RETURNING kind, record_id, store_id
)

INSERT INTO marked (kind, record_id, store_id)
SELECT DISTINCT
    kind,
    record_id,
    coalesce(store_id, '00000000-0000-0000-0000-000000000000')
FROM taken;
