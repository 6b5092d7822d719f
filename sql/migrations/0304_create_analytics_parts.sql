-- How each connection's part of a run ended.
-- depends: 0303_create_analytics_results
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

CREATE TABLE analytics.sync_parts (
    run_key bigint NOT NULL,
    connection_id bigint NOT NULL,
    outcome text NOT NULL,
    error text,
    counts jsonb NOT NULL,
    finished_at timestamptz NOT NULL,
    CONSTRAINT sync_parts_pkey PRIMARY KEY (run_key, connection_id),
    CONSTRAINT sync_parts_connection_id_fkey FOREIGN KEY (
        connection_id
    ) REFERENCES analytics.connections (connection_id),
    CONSTRAINT sync_parts_outcome_check CHECK (
        outcome IN (
            'completed', 'waiting', 'deferred', 'retry', 'needs_reauth', 'failed', 'busy'
        )
    )
);
COMMENT ON TABLE analytics.sync_parts IS
'How each connection''s part of a run ended; what is completed is not asked again by that run.';
COMMENT ON COLUMN analytics.sync_parts.run_key IS 'ops.sync_runs row; runs expire, so no foreign key.';
