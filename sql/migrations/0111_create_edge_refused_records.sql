-- Records that edges could not use, as they report them.
-- depends: 0108_follow_store_scopes
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

CREATE TABLE edge.refused_records (
    store_id uuid NOT NULL,
    record_id text NOT NULL,
    version bigint NOT NULL,
    reason text NOT NULL,
    client_version text NOT NULL,
    times bigint NOT NULL DEFAULT 1,
    first_reported_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_reported_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT refused_records_pkey PRIMARY KEY (store_id, record_id),
    CONSTRAINT refused_records_store_id_fkey FOREIGN KEY (store_id)
    REFERENCES edge.stores (store_id) ON DELETE CASCADE
);
COMMENT ON TABLE edge.refused_records IS
'What a store''s edge last said that it skips, and why; a report without a record takes it away. At most 100 '
'a store.';
