-- Generated from sql/migrations by `make schema`; do not edit.

CREATE SCHEMA affiliate;

COMMENT ON SCHEMA affiliate IS 'What the affiliate platform (Trackier) knows: brands, offers, and our tenants'' publisher ids.';

CREATE SCHEMA ops;

COMMENT ON SCHEMA ops IS 'What the flows write about themselves; written also when a flow runs outside Airflow.';

CREATE TABLE affiliate.brands (
    brand_id bigint NOT NULL,
    trackier_advertiser_id text NOT NULL,
    trackier_display_id text,
    name text NOT NULL,
    logo_url text,
    status text NOT NULL,
    is_active boolean NOT NULL,
    checksum text NOT NULL,
    page_key bigint,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT brands_name_check CHECK ((name <> ''::text))
);

COMMENT ON TABLE affiliate.brands IS 'Advertisers of the affiliate platform.';

COMMENT ON COLUMN affiliate.brands.trackier_advertiser_id IS 'The vendor''s hashId: 24 hexadecimal digits.';

COMMENT ON COLUMN affiliate.brands.trackier_display_id IS 'The vendor''s small per-network id, as text.';

COMMENT ON COLUMN affiliate.brands.status IS 'The vendor''s word, whatever it is.';

COMMENT ON COLUMN affiliate.brands.is_active IS 'Ours: status is active, and present in the last complete list.';

COMMENT ON COLUMN affiliate.brands.page_key IS 'ops.sync_pages row of the page that last changed this row; pages expire, so no foreign key.';

ALTER TABLE affiliate.brands ALTER COLUMN brand_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME affiliate.brands_brand_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE affiliate.offers (
    offer_id bigint NOT NULL,
    trackier_campaign_id text NOT NULL,
    trackier_display_id text,
    advertiser_id bigint NOT NULL,
    name text NOT NULL,
    category text,
    base_commission_pct numeric(7,4),
    payout_amount numeric(18,6),
    payout_currency text,
    payout_model text,
    status text NOT NULL,
    is_active boolean NOT NULL,
    checksum text NOT NULL,
    page_key bigint,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT offers_base_commission_pct_check CHECK (((base_commission_pct >= (0)::numeric) AND (base_commission_pct <= (100)::numeric))),
    CONSTRAINT offers_name_check CHECK ((name <> ''::text)),
    CONSTRAINT offers_payout_amount_check CHECK ((payout_amount >= (0)::numeric)),
    CONSTRAINT offers_payout_currency_check CHECK ((payout_currency ~ '^[A-Z]{3}$'::text))
);

COMMENT ON TABLE affiliate.offers IS 'Campaigns of the affiliate platform; never deleted, only deactivated.';

COMMENT ON COLUMN affiliate.offers.base_commission_pct IS 'Percent of the sale, only where the payout is a percentage.';

COMMENT ON COLUMN affiliate.offers.payout_amount IS 'The base payout''s number: an amount in payout_currency, or percent.';

COMMENT ON COLUMN affiliate.offers.status IS 'The vendor''s word, whatever it is.';

COMMENT ON COLUMN affiliate.offers.is_active IS 'Ours: status is active, and present in the last complete fetch.';

ALTER TABLE affiliate.offers ALTER COLUMN offer_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME affiliate.offers_offer_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE affiliate.tenants (
    tenant_id bigint NOT NULL,
    name text NOT NULL,
    email text,
    external_ref text,
    trackier_pid text,
    default_share_pct numeric(5,2) DEFAULT 40 NOT NULL,
    custom_domain text,
    CONSTRAINT tenants_default_share_pct_check CHECK (((default_share_pct >= (0)::numeric) AND (default_share_pct <= (100)::numeric)))
);

COMMENT ON TABLE affiliate.tenants IS 'Our publishers; trackier_pid is set by the sync, the rest by us.';

COMMENT ON COLUMN affiliate.tenants.external_ref IS 'Explicit link to a Trackier publisher: its hashId, its display id, or the external reference stored with it.';

ALTER TABLE affiliate.tenants ALTER COLUMN tenant_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME affiliate.tenants_tenant_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE ops.alert_deliveries (
    alert_key bigint NOT NULL,
    channel text NOT NULL,
    status text NOT NULL,
    attempts bigint DEFAULT 0 NOT NULL,
    next_try_at timestamp with time zone NOT NULL,
    last_error text,
    delivered_at timestamp with time zone,
    CONSTRAINT alert_deliveries_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'delivered'::text, 'withheld'::text])))
);

COMMENT ON TABLE ops.alert_deliveries IS 'An alert on its way to a channel; pending until the channel has taken it.';

COMMENT ON COLUMN ops.alert_deliveries.status IS 'withheld: the rate limit of its kind kept it back; it is in the table only.';

CREATE TABLE ops.alerts (
    alert_key bigint NOT NULL,
    fingerprint text NOT NULL,
    kind text NOT NULL,
    severity text NOT NULL,
    flow text NOT NULL,
    run_id text,
    task_id text,
    title text NOT NULL,
    message text NOT NULL,
    link text,
    occurrences bigint DEFAULT 1 NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    last_seen_at timestamp with time zone NOT NULL,
    notified_at timestamp with time zone,
    acknowledged_at timestamp with time zone,
    acknowledged_by text,
    resolved_at timestamp with time zone,
    CONSTRAINT alerts_severity_check CHECK ((severity = ANY (ARRAY['warning'::text, 'critical'::text])))
);

COMMENT ON TABLE ops.alerts IS 'What somebody should look at; one open row a cause.';

COMMENT ON COLUMN ops.alerts.fingerprint IS 'Names the cause: while an alert of it is open, it is counted and not sent again.';

COMMENT ON COLUMN ops.alerts.notified_at IS 'When the first channel had it.';

ALTER TABLE ops.alerts ALTER COLUMN alert_key ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME ops.alerts_alert_key_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE ops.sync_events (
    event_id uuid NOT NULL,
    flow text NOT NULL,
    run_key bigint NOT NULL,
    name text NOT NULL,
    payload jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL,
    published_at timestamp with time zone
);

COMMENT ON TABLE ops.sync_events IS 'Outbox: written with the data it speaks of, published afterwards at least once under a stable id.';

CREATE TABLE ops.sync_outcomes (
    run_key bigint NOT NULL,
    entity text NOT NULL,
    external_id text NOT NULL,
    outcome text NOT NULL,
    walk bigint NOT NULL,
    duplicates bigint NOT NULL,
    CONSTRAINT sync_outcomes_outcome_check CHECK ((outcome = ANY (ARRAY['inserted'::text, 'updated'::text, 'unchanged'::text, 'deactivated'::text, 'kept'::text, 'rejected'::text, 'complete'::text, 'partial'::text, 'failed'::text])))
);

COMMENT ON TABLE ops.sync_outcomes IS 'What the latest run did to each record, written in the transaction that did it: counts come from here, so a run that is killed and started again reports what one clean run would have.';

COMMENT ON COLUMN ops.sync_outcomes.walk IS 'attempt * 1,000,000 + number of the walk over the vendor''s list that saw the record last.';

CREATE TABLE ops.sync_pages (
    page_key bigint NOT NULL,
    run_key bigint NOT NULL,
    entity text NOT NULL,
    audit_key text,
    item_count bigint NOT NULL,
    fetched_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE ops.sync_pages IS 'Vendor pages that were merged, and the S3 key under which each was archived.';

ALTER TABLE ops.sync_pages ALTER COLUMN page_key ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME ops.sync_pages_page_key_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE ops.sync_progress (
    run_key bigint NOT NULL,
    entity_type text NOT NULL,
    completed bigint NOT NULL,
    total bigint,
    updated_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE ops.sync_progress IS 'How far a run is, per entity type; at most 2 s old while it runs.';

COMMENT ON COLUMN ops.sync_progress.total IS 'NULL where the vendor gives no total.';

CREATE TABLE ops.sync_rejects (
    reject_key bigint NOT NULL,
    run_key bigint NOT NULL,
    flow text NOT NULL,
    entity text NOT NULL,
    external_id text,
    kind text NOT NULL,
    reason text NOT NULL,
    item json NOT NULL,
    audit_key text,
    fingerprint text NOT NULL,
    rejected_at timestamp with time zone NOT NULL,
    CONSTRAINT sync_rejects_kind_check CHECK ((kind = ANY (ARRAY['invalid'::text, 'unmatched'::text])))
);

COMMENT ON TABLE ops.sync_rejects IS 'Records that were refused, each with the reason in words and the redacted record.';

COMMENT ON COLUMN ops.sync_rejects.item IS 'json, not jsonb: it must be able to hold what jsonb refuses (a NUL character).';

COMMENT ON COLUMN ops.sync_rejects.fingerprint IS 'Digest of entity, id, reason and record: a rerun rejects once.';

ALTER TABLE ops.sync_rejects ALTER COLUMN reject_key ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME ops.sync_rejects_reject_key_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE ops.sync_runs (
    run_key bigint NOT NULL,
    flow text NOT NULL,
    run_id text NOT NULL,
    trigger text NOT NULL,
    params jsonb NOT NULL,
    status text NOT NULL,
    attempt bigint NOT NULL,
    started_at timestamp with time zone NOT NULL,
    waiting_since timestamp with time zone,
    finished_at timestamp with time zone,
    counts jsonb DEFAULT '{}'::jsonb NOT NULL,
    api_calls bigint DEFAULT 0 NOT NULL,
    retries bigint DEFAULT 0 NOT NULL,
    queries bigint DEFAULT 0 NOT NULL,
    bytes_received bigint DEFAULT 0 NOT NULL,
    peak_memory_bytes bigint DEFAULT 0 NOT NULL,
    error text,
    interruptions bigint DEFAULT 0 NOT NULL,
    CONSTRAINT sync_runs_status_check CHECK ((status = ANY (ARRAY['waiting'::text, 'running'::text, 'completed'::text, 'completed_with_errors'::text, 'failed'::text, 'skipped'::text])))
);

COMMENT ON TABLE ops.sync_runs IS 'One row a run of a flow; a retried run keeps its row and counts its attempts.';

COMMENT ON COLUMN ops.sync_runs.run_id IS 'Airflow''s run id, or the one given on the command line.';

COMMENT ON COLUMN ops.sync_runs.waiting_since IS 'Since when it waits for the flow''s lock; NULL once it has it.';

COMMENT ON COLUMN ops.sync_runs.interruptions IS 'How many of its attempts died without a word (killed).';

ALTER TABLE ops.sync_runs ALTER COLUMN run_key ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME ops.sync_runs_run_key_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE ONLY affiliate.brands
    ADD CONSTRAINT brands_pkey PRIMARY KEY (brand_id);

ALTER TABLE ONLY affiliate.brands
    ADD CONSTRAINT brands_trackier_advertiser_id_key UNIQUE (trackier_advertiser_id);

ALTER TABLE ONLY affiliate.offers
    ADD CONSTRAINT offers_pkey PRIMARY KEY (offer_id);

ALTER TABLE ONLY affiliate.offers
    ADD CONSTRAINT offers_trackier_campaign_id_key UNIQUE (trackier_campaign_id);

ALTER TABLE ONLY affiliate.tenants
    ADD CONSTRAINT tenants_external_ref_key UNIQUE (external_ref);

ALTER TABLE ONLY affiliate.tenants
    ADD CONSTRAINT tenants_pkey PRIMARY KEY (tenant_id);

ALTER TABLE ONLY affiliate.tenants
    ADD CONSTRAINT tenants_trackier_pid_key UNIQUE (trackier_pid);

ALTER TABLE ONLY ops.alert_deliveries
    ADD CONSTRAINT alert_deliveries_pkey PRIMARY KEY (alert_key, channel);

ALTER TABLE ONLY ops.alerts
    ADD CONSTRAINT alerts_pkey PRIMARY KEY (alert_key);

ALTER TABLE ONLY ops.sync_events
    ADD CONSTRAINT sync_events_pkey PRIMARY KEY (event_id);

ALTER TABLE ONLY ops.sync_outcomes
    ADD CONSTRAINT sync_outcomes_pkey PRIMARY KEY (run_key, entity, external_id);

ALTER TABLE ONLY ops.sync_pages
    ADD CONSTRAINT sync_pages_pkey PRIMARY KEY (page_key);

ALTER TABLE ONLY ops.sync_progress
    ADD CONSTRAINT sync_progress_pkey PRIMARY KEY (run_key, entity_type);

ALTER TABLE ONLY ops.sync_rejects
    ADD CONSTRAINT sync_rejects_pkey PRIMARY KEY (reject_key);

ALTER TABLE ONLY ops.sync_rejects
    ADD CONSTRAINT sync_rejects_run_key_fingerprint_key UNIQUE (run_key, fingerprint);

ALTER TABLE ONLY ops.sync_runs
    ADD CONSTRAINT sync_runs_flow_run_id_key UNIQUE (flow, run_id);

ALTER TABLE ONLY ops.sync_runs
    ADD CONSTRAINT sync_runs_pkey PRIMARY KEY (run_key);

CREATE INDEX brands_trackier_display_id_idx ON affiliate.brands USING btree (trackier_display_id);

CREATE INDEX offers_advertiser_id_idx ON affiliate.offers USING btree (advertiser_id);

CREATE INDEX alert_deliveries_pending_idx ON ops.alert_deliveries USING btree (next_try_at) WHERE (status = 'pending'::text);

CREATE UNIQUE INDEX alerts_fingerprint_open_idx ON ops.alerts USING btree (fingerprint) WHERE (resolved_at IS NULL);

CREATE INDEX alerts_flow_kind_opened_at_idx ON ops.alerts USING btree (flow, kind, opened_at);

CREATE INDEX sync_events_unpublished_idx ON ops.sync_events USING btree (created_at) WHERE (published_at IS NULL);

CREATE INDEX sync_pages_run_key_idx ON ops.sync_pages USING btree (run_key);

CREATE INDEX sync_runs_flow_started_at_idx ON ops.sync_runs USING btree (flow, started_at DESC);

ALTER TABLE ONLY affiliate.offers
    ADD CONSTRAINT offers_advertiser_id_fkey FOREIGN KEY (advertiser_id) REFERENCES affiliate.brands(brand_id);

ALTER TABLE ONLY ops.alert_deliveries
    ADD CONSTRAINT alert_deliveries_alert_key_fkey FOREIGN KEY (alert_key) REFERENCES ops.alerts(alert_key) ON DELETE CASCADE;

ALTER TABLE ONLY ops.sync_events
    ADD CONSTRAINT sync_events_run_key_fkey FOREIGN KEY (run_key) REFERENCES ops.sync_runs(run_key) ON DELETE CASCADE;

ALTER TABLE ONLY ops.sync_pages
    ADD CONSTRAINT sync_pages_run_key_fkey FOREIGN KEY (run_key) REFERENCES ops.sync_runs(run_key) ON DELETE CASCADE;

ALTER TABLE ONLY ops.sync_progress
    ADD CONSTRAINT sync_progress_run_key_fkey FOREIGN KEY (run_key) REFERENCES ops.sync_runs(run_key) ON DELETE CASCADE;

ALTER TABLE ONLY ops.sync_rejects
    ADD CONSTRAINT sync_rejects_run_key_fkey FOREIGN KEY (run_key) REFERENCES ops.sync_runs(run_key) ON DELETE CASCADE;
