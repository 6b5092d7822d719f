-- Products in runs that are ready to be sent: a snapshot reads a few thousand rows, not a million.
-- depends: 0110_keep_edge_holdings
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '600s';

CREATE TABLE edge.chunk_scopes (
    company_id uuid NOT NULL,
    brand_id uuid NOT NULL,
    version bigint NOT NULL,
    revision bigint NOT NULL DEFAULT 0,
    CONSTRAINT chunk_scopes_pkey PRIMARY KEY (company_id, brand_id)
);
COMMENT ON TABLE edge.chunk_scopes IS
'Brands that have chunks. Whoever marks or rebuilds chunks holds the lock of the brand''s row.';
COMMENT ON COLUMN edge.chunk_scopes.version IS 'Changes up to here have made their chunks dirty.';
COMMENT ON COLUMN edge.chunk_scopes.revision IS 'Rises with each change of the brand''s list of chunks.';

CREATE TABLE edge.product_chunks (
    chunk_id bigint GENERATED ALWAYS AS IDENTITY,
    company_id uuid NOT NULL,
    brand_id uuid NOT NULL,
    first_id uuid NOT NULL,
    is_dirty boolean NOT NULL,
    records bigint NOT NULL,
    body bytea NOT NULL,
    packed bytea NOT NULL,
    CONSTRAINT product_chunks_pkey PRIMARY KEY (chunk_id),
    CONSTRAINT product_chunks_first_id_key UNIQUE (company_id, brand_id, first_id)
);
COMMENT ON TABLE edge.product_chunks IS
'A brand''s active products from first_id up to the next chunk''s, framed for a batch, without any store''s '
'overlay. A rebuilt chunk has another id, so that what is kept by id never changes.';
COMMENT ON COLUMN edge.product_chunks.packed IS 'The same, compressed with gzip once for everybody.';
ALTER TABLE edge.product_chunks ALTER COLUMN body SET STORAGE EXTERNAL;
ALTER TABLE edge.product_chunks ALTER COLUMN packed SET STORAGE EXTERNAL;

-- A chunk is built from a range of one brand. Only publications write the table; they can wait.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX product_records_brand_id_idx
ON edge.product_records (company_id, brand_id, product_id);

CREATE OR REPLACE FUNCTION edge.raise_versions() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    companies uuid[];
    company uuid;
BEGIN
    -- The first row's trigger does the work of all, in one order for everybody: no deadlocks.
    WITH taken AS (
        DELETE FROM edge.changes WHERE xact_id = pg_current_xact_id() RETURNING company_id
    )
    SELECT coalesce(array_agg(company_id ORDER BY company_id), '{}') INTO companies FROM taken;
    FOREACH company IN ARRAY companies LOOP
        UPDATE edge.versions
        SET version = version + 1, changed_at = clock_timestamp()
        WHERE company_id = company;
        IF FOUND THEN
            PERFORM pg_notify('edge_changes', company::text);
        ELSE
            DELETE FROM edge.marks WHERE company_id = company;
            DELETE FROM edge.publications WHERE company_id = company;
            DELETE FROM edge.promotion_compile_errors WHERE company_id = company;
            DELETE FROM edge.category_records WHERE company_id = company;
            DELETE FROM edge.product_records WHERE company_id = company;
            DELETE FROM edge.store_product_records WHERE company_id = company;
            DELETE FROM edge.promotion_records WHERE company_id = company;
            DELETE FROM edge.store_scopes WHERE company_id = company;
            -- The scopes first: whoever is building chunks is waited for, then they are all seen.
            DELETE FROM edge.chunk_scopes WHERE company_id = company;
            DELETE FROM edge.product_chunks WHERE company_id = company;
            DELETE FROM edge.product_holdings WHERE company_id = company;
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
