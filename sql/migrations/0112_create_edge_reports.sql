-- What Airflow says about promotions: how they were used, and which need somebody's attention.
-- depends: 0111_create_edge_refused_records
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

-- A constant default first: rows that are there get it without being rewritten.
ALTER TABLE edge.promotion_usages ADD COLUMN recorded_in xid8 NOT NULL DEFAULT '0';
ALTER TABLE edge.promotion_usages ALTER COLUMN recorded_in SET DEFAULT pg_current_xact_id();
COMMENT ON COLUMN edge.promotion_usages.recorded_in IS
'The transaction that stored it. A reader that goes on from the oldest one that was open misses no row, in '
'whatever order they commit; received_at does not have that property.';

-- The service is not started before the migrations are through, so no upload waits for these.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX promotion_usages_recorded_in_idx ON edge.promotion_usages (recorded_in);
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX promotion_usages_promotion_id_store_id_business_on_idx
ON edge.promotion_usages (promotion_id, store_id, business_on);
-- The new index begins with the same column.
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX edge.promotion_usages_promotion_id_idx;

CREATE TABLE edge.promotion_effectiveness (
    promotion_id uuid NOT NULL,
    store_id uuid NOT NULL,
    business_on date NOT NULL,
    currency text NOT NULL,
    company_id uuid NOT NULL,
    uses bigint NOT NULL,
    taken_back bigint NOT NULL,
    discount_amount numeric(24, 4) NOT NULL,
    bills bigint NOT NULL,
    customers bigint NOT NULL,
    first_used_at timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL,
    rolled_up_at timestamptz NOT NULL,
    CONSTRAINT promotion_effectiveness_pkey PRIMARY KEY (
        promotion_id, store_id, business_on, currency
    )
);
COMMENT ON TABLE edge.promotion_effectiveness IS
'How a promotion was used in a store on a day of the store. Made from edge.promotion_usages by '
'edge_usage_rollup; a day is made anew whenever a use of it arrives, however late. No foreign keys: a sale '
'stays a fact.';
COMMENT ON COLUMN edge.promotion_effectiveness.uses IS 'All uses of the day, also those taken back since.';
COMMENT ON COLUMN edge.promotion_effectiveness.taken_back IS
'Those that were taken back, on whatever day: it lowers the day of the use.';
COMMENT ON COLUMN edge.promotion_effectiveness.discount_amount IS 'Given, less what was taken back.';
COMMENT ON COLUMN edge.promotion_effectiveness.bills IS 'Bills with a use that was not taken back.';
COMMENT ON COLUMN edge.promotion_effectiveness.customers IS 'Known customers of those bills.';
CREATE INDEX promotion_effectiveness_company_id_business_on_idx
ON edge.promotion_effectiveness (company_id, business_on);

CREATE TABLE edge.rollup_progress (
    report text NOT NULL,
    processed_before xid8 NOT NULL,
    rolled_up_at timestamptz NOT NULL,
    CONSTRAINT rollup_progress_pkey PRIMARY KEY (report)
);
COMMENT ON TABLE edge.rollup_progress IS
'Up to where a rollup has read: everything that transactions below processed_before have stored.';

CREATE TABLE edge.promotion_audits (
    company_id uuid NOT NULL,
    audited_on date NOT NULL,
    promotion_id uuid NOT NULL,
    finding text NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    detail text NOT NULL,
    audited_at timestamptz NOT NULL,
    CONSTRAINT promotion_audits_pkey PRIMARY KEY (company_id, audited_on, promotion_id, finding),
    CONSTRAINT promotion_audits_finding_check CHECK (
        finding IN ('expiring', 'never_used', 'over_limit', 'not_compiled')
    )
);
COMMENT ON TABLE edge.promotion_audits IS
'What edge_promotion_audit found, a report a company and day; the day''s last run counts.';
COMMENT ON COLUMN edge.promotion_audits.audited_on IS 'By the company''s time zone.';
