-- The marks that this publication works off.
CREATE TEMPORARY TABLE IF NOT EXISTS marked (
    kind text NOT NULL,
    record_id uuid NOT NULL,
    store_id uuid NOT NULL,
    PRIMARY KEY (kind, store_id, record_id)
) ON COMMIT DELETE ROWS;
