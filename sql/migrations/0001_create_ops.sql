-- What every flow writes about itself: runs, progress, pages, outcomes, refused rows, events.
-- depends:
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

CREATE SCHEMA ops;
COMMENT ON SCHEMA ops IS 'What the flows write about themselves; written also when a flow runs outside Airflow.';

CREATE TABLE ops.sync_runs (
    run_key bigint GENERATED ALWAYS AS IDENTITY,
    flow text NOT NULL,
    run_id text NOT NULL,
    trigger text NOT NULL,
    params jsonb NOT NULL,
    status text NOT NULL,
    attempt bigint NOT NULL,
    started_at timestamptz NOT NULL,
    waiting_since timestamptz,
    finished_at timestamptz,
    counts jsonb NOT NULL DEFAULT '{}',
    api_calls bigint NOT NULL DEFAULT 0,
    retries bigint NOT NULL DEFAULT 0,
    queries bigint NOT NULL DEFAULT 0,
    bytes_received bigint NOT NULL DEFAULT 0,
    peak_memory_bytes bigint NOT NULL DEFAULT 0,
    error text,
    CONSTRAINT sync_runs_pkey PRIMARY KEY (run_key),
    CONSTRAINT sync_runs_flow_run_id_key UNIQUE (flow, run_id),
    CONSTRAINT sync_runs_status_check CHECK (
        status IN ('waiting', 'running', 'completed', 'completed_with_errors', 'failed', 'skipped')
    )
);
COMMENT ON TABLE ops.sync_runs IS 'One row a run of a flow; a retried run keeps its row and counts its attempts.';
COMMENT ON COLUMN ops.sync_runs.run_id IS 'Airflow''s run id, or the one given on the command line.';
COMMENT ON COLUMN ops.sync_runs.waiting_since IS 'Since when it waits for the flow''s lock; NULL once it has it.';
CREATE INDEX sync_runs_flow_started_at_idx ON ops.sync_runs (flow, started_at DESC);

CREATE TABLE ops.sync_progress (
    run_key bigint NOT NULL,
    entity_type text NOT NULL,
    completed bigint NOT NULL,
    total bigint,
    updated_at timestamptz NOT NULL,
    CONSTRAINT sync_progress_pkey PRIMARY KEY (run_key, entity_type),
    CONSTRAINT sync_progress_run_key_fkey FOREIGN KEY (run_key)
    REFERENCES ops.sync_runs (run_key) ON DELETE CASCADE
);
COMMENT ON TABLE ops.sync_progress IS 'How far a run is, per entity type; at most 2 s old while it runs.';
COMMENT ON COLUMN ops.sync_progress.total IS 'NULL where the vendor gives no total.';

CREATE TABLE ops.sync_pages (
    page_key bigint GENERATED ALWAYS AS IDENTITY,
    run_key bigint NOT NULL,
    entity text NOT NULL,
    audit_key text,
    item_count bigint NOT NULL,
    fetched_at timestamptz NOT NULL,
    CONSTRAINT sync_pages_pkey PRIMARY KEY (page_key),
    CONSTRAINT sync_pages_run_key_fkey FOREIGN KEY (run_key)
    REFERENCES ops.sync_runs (run_key) ON DELETE CASCADE
);
COMMENT ON TABLE ops.sync_pages IS 'Vendor pages that were merged, and the S3 key under which each was archived.';
CREATE INDEX sync_pages_run_key_idx ON ops.sync_pages (run_key);

CREATE TABLE ops.sync_outcomes (
    run_key bigint NOT NULL,
    entity text NOT NULL,
    external_id text NOT NULL,
    outcome text NOT NULL,
    walk bigint NOT NULL,
    duplicates bigint NOT NULL,
    CONSTRAINT sync_outcomes_pkey PRIMARY KEY (run_key, entity, external_id),
    CONSTRAINT sync_outcomes_outcome_check CHECK (
        outcome IN (
            'inserted', 'updated', 'unchanged', 'deactivated', 'kept', 'rejected', 'complete',
            'partial', 'failed'
        )
    )
);
COMMENT ON TABLE ops.sync_outcomes IS
'What the latest run did to each record, written in the transaction that did it: counts come from here, '
'so a run that is killed and started again reports what one clean run would have.';
COMMENT ON COLUMN ops.sync_outcomes.walk IS
'attempt * 1,000,000 + number of the walk over the vendor''s list that saw the record last.';

CREATE TABLE ops.sync_rejects (
    reject_key bigint GENERATED ALWAYS AS IDENTITY,
    run_key bigint NOT NULL,
    flow text NOT NULL,
    entity text NOT NULL,
    external_id text,
    kind text NOT NULL,
    reason text NOT NULL,
    item json NOT NULL,
    audit_key text,
    fingerprint text NOT NULL,
    rejected_at timestamptz NOT NULL,
    CONSTRAINT sync_rejects_pkey PRIMARY KEY (reject_key),
    CONSTRAINT sync_rejects_run_key_fingerprint_key UNIQUE (run_key, fingerprint),
    CONSTRAINT sync_rejects_run_key_fkey FOREIGN KEY (run_key)
    REFERENCES ops.sync_runs (run_key) ON DELETE CASCADE,
    CONSTRAINT sync_rejects_kind_check CHECK (kind IN ('invalid', 'unmatched'))
);
COMMENT ON TABLE ops.sync_rejects IS 'Records that were refused, each with the reason in words and the redacted record.';
COMMENT ON COLUMN ops.sync_rejects.item IS 'json, not jsonb: it must be able to hold what jsonb refuses (a NUL character).';
COMMENT ON COLUMN ops.sync_rejects.fingerprint IS 'Digest of entity, id, reason and record: a rerun rejects once.';

CREATE TABLE ops.sync_events (
    event_id uuid NOT NULL,
    flow text NOT NULL,
    run_key bigint NOT NULL,
    name text NOT NULL,
    payload jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    published_at timestamptz,
    CONSTRAINT sync_events_pkey PRIMARY KEY (event_id),
    CONSTRAINT sync_events_run_key_fkey FOREIGN KEY (run_key)
    REFERENCES ops.sync_runs (run_key) ON DELETE CASCADE
);
COMMENT ON TABLE ops.sync_events IS
'Outbox: written with the data it speaks of, published afterwards at least once under a stable id.';
CREATE INDEX sync_events_unpublished_idx ON ops.sync_events (created_at) WHERE published_at IS NULL;
