-- What stores are served: versions, and each record's wire bytes beside what selects it.
-- depends: 0102_create_edge_usages
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

CREATE TABLE edge.versions (
    company_id uuid NOT NULL,
    epoch uuid NOT NULL DEFAULT gen_random_uuid(),
    version bigint NOT NULL DEFAULT 0,
    changed_at timestamptz,
    floor_version bigint NOT NULL DEFAULT 0,
    CONSTRAINT versions_pkey PRIMARY KEY (company_id),
    CONSTRAINT versions_company_id_fkey FOREIGN KEY (company_id)
    REFERENCES edge.companies (company_id) ON DELETE CASCADE
);
COMMENT ON TABLE edge.versions IS
'A company''s data version. It is raised at the end of each transaction that changed something, under the '
'row''s lock, so versions are in commit order.';
COMMENT ON COLUMN edge.versions.epoch IS 'Numbering that the versions belong to; renewed after a restore.';
COMMENT ON COLUMN edge.versions.floor_version IS
'Tombstones up to here may be gone: older cursors need a snapshot.';

CREATE TABLE edge.changes (
    xact_id xid8 NOT NULL DEFAULT pg_current_xact_id(),
    company_id uuid NOT NULL,
    CONSTRAINT changes_pkey PRIMARY KEY (xact_id, company_id)
);
COMMENT ON TABLE edge.changes IS
'Companies that a running transaction has changed; emptied by its commit, so others never see a row.';

CREATE TABLE edge.marks (
    mark_id bigint GENERATED ALWAYS AS IDENTITY,
    company_id uuid NOT NULL,
    kind text NOT NULL,
    record_id uuid NOT NULL,
    store_id uuid,
    CONSTRAINT marks_pkey PRIMARY KEY (mark_id),
    CONSTRAINT marks_kind_check CHECK (
        kind IN ('company', 'category', 'product', 'store_product', 'promotion')
    )
);
COMMENT ON TABLE edge.marks IS
'What has changed and is to be compiled. Writers only insert and the compiler only deletes, so that '
'neither waits for the other.';
CREATE INDEX marks_company_id_idx ON edge.marks (company_id);

CREATE TABLE edge.publications (
    company_id uuid NOT NULL,
    version bigint NOT NULL,
    published_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT publications_pkey PRIMARY KEY (company_id, version)
);
COMMENT ON TABLE edge.publications IS
'Versions whose records were compiled. The newest is the one served. No foreign key: its check would make a '
'publication fail whenever the company''s row is written meanwhile.';
CREATE INDEX publications_company_id_published_at_idx
ON edge.publications (company_id, published_at);

CREATE TABLE edge.category_records (
    company_id uuid NOT NULL,
    category_id uuid NOT NULL,
    version bigint NOT NULL,
    is_removed boolean NOT NULL,
    is_active boolean NOT NULL,
    brand_id uuid,
    former_brand_ids uuid[] NOT NULL DEFAULT '{}',
    body bytea NOT NULL,
    CONSTRAINT category_records_pkey PRIMARY KEY (company_id, category_id)
);
COMMENT ON TABLE edge.category_records IS
'Categories as served; a removed one is a tombstone. No foreign keys: it outlives its source.';
CREATE INDEX category_records_version_idx
ON edge.category_records (company_id, version, category_id);

CREATE TABLE edge.product_records (
    company_id uuid NOT NULL,
    product_id uuid NOT NULL,
    version bigint NOT NULL,
    is_removed boolean NOT NULL,
    is_active boolean NOT NULL,
    brand_id uuid NOT NULL,
    former_brand_ids uuid[] NOT NULL DEFAULT '{}',
    body bytea NOT NULL,
    CONSTRAINT product_records_pkey PRIMARY KEY (company_id, product_id)
);
COMMENT ON TABLE edge.product_records IS 'Products as served; a removed one is a tombstone.';
COMMENT ON COLUMN edge.product_records.former_brand_ids IS
'Brands it has been of: their stores are told that it left.';
CREATE INDEX product_records_version_idx
ON edge.product_records (company_id, version, product_id);

CREATE TABLE edge.store_product_records (
    store_id uuid NOT NULL,
    product_id uuid NOT NULL,
    company_id uuid NOT NULL,
    version bigint NOT NULL,
    body bytea NOT NULL,
    CONSTRAINT store_product_records_pkey PRIMARY KEY (store_id, product_id)
);
COMMENT ON TABLE edge.store_product_records IS
'A store''s fields of a product; appended to the product''s bytes. Empty: it has none (any more).';
CREATE INDEX store_product_records_version_idx
ON edge.store_product_records (store_id, version, product_id);

CREATE TABLE edge.promotion_records (
    company_id uuid NOT NULL,
    promotion_id uuid NOT NULL,
    version bigint NOT NULL,
    is_removed boolean NOT NULL,
    is_failed boolean NOT NULL,
    is_active boolean NOT NULL,
    start_on date NOT NULL,
    end_on date NOT NULL,
    execution_priority bigint NOT NULL,
    priority bigint NOT NULL,
    all_brands boolean NOT NULL,
    brand_ids uuid[] NOT NULL,
    excluded_brand_ids uuid[] NOT NULL,
    all_stores boolean NOT NULL,
    store_ids uuid[] NOT NULL,
    excluded_store_ids uuid[] NOT NULL,
    body bytea NOT NULL,
    CONSTRAINT promotion_records_pkey PRIMARY KEY (company_id, promotion_id)
);
COMMENT ON TABLE edge.promotion_records IS
'Promotions as served, with what decides whose they are; a removed one is a tombstone.';
COMMENT ON COLUMN edge.promotion_records.end_on IS
'Last local day on which it can hold: one later than the promotion''s when its hours pass midnight.';
COMMENT ON COLUMN edge.promotion_records.is_failed IS
'It does not compile: see promotion_compile_errors.';
CREATE INDEX promotion_records_version_idx
ON edge.promotion_records (company_id, version, promotion_id);

CREATE TABLE edge.promotion_compile_errors (
    promotion_id uuid NOT NULL,
    company_id uuid NOT NULL,
    code text NOT NULL,
    reason text NOT NULL,
    version bigint NOT NULL,
    first_failed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_failed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT promotion_compile_errors_pkey PRIMARY KEY (promotion_id)
);
COMMENT ON TABLE edge.promotion_compile_errors IS
'Promotions that no store is served, and why. A row goes when its promotion compiles again.';
CREATE INDEX promotion_compile_errors_company_id_idx
ON edge.promotion_compile_errors (company_id);
