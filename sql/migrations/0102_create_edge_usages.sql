-- Usage of promotions as stores report it, and the credentials of their edge servers.
-- depends: 0101_create_edge_promotions
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

CREATE TABLE edge.promotion_usages (
    store_id uuid NOT NULL,
    usage_id uuid NOT NULL,
    company_id uuid NOT NULL,
    promotion_id uuid NOT NULL,
    promotion_version bigint NOT NULL DEFAULT 0,
    bill_id text NOT NULL,
    brand_id uuid NOT NULL,
    customer_id text NOT NULL DEFAULT '',
    discount_amount numeric(18, 4) NOT NULL,
    currency text NOT NULL,
    used_at timestamptz NOT NULL,
    business_on date NOT NULL,
    reverses_usage_id uuid,
    content_hash bytea NOT NULL,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT promotion_usages_pkey PRIMARY KEY (store_id, usage_id),
    CONSTRAINT promotion_usages_discount_amount_check CHECK (discount_amount >= 0),
    CONSTRAINT promotion_usages_bill_id_check CHECK (length(bill_id) BETWEEN 1 AND 100)
);
COMMENT ON TABLE edge.promotion_usages IS
'A use, or its reversal, once. No foreign keys: a sale stays a fact when the promotion is deleted. '
'How often a promotion was used is counted from here.';
COMMENT ON COLUMN edge.promotion_usages.usage_id IS 'Made by the edge with the bill.';
COMMENT ON COLUMN edge.promotion_usages.business_on IS 'The store''s day, as the edge says.';
COMMENT ON COLUMN edge.promotion_usages.content_hash IS 'Tells a repeated record from a conflicting one.';
CREATE UNIQUE INDEX promotion_usages_store_id_reverses_usage_id_key
ON edge.promotion_usages (store_id, reverses_usage_id) WHERE reverses_usage_id IS NOT NULL;
CREATE INDEX promotion_usages_company_id_received_at_idx
ON edge.promotion_usages (company_id, received_at);
CREATE INDEX promotion_usages_promotion_id_idx ON edge.promotion_usages (promotion_id);

CREATE TABLE edge.usage_rejects (
    reject_key bigint GENERATED ALWAYS AS IDENTITY,
    company_id uuid NOT NULL,
    store_id uuid NOT NULL,
    usage_id text NOT NULL,
    kind text NOT NULL,
    reason text NOT NULL,
    detail text NOT NULL DEFAULT '',
    record bytea NOT NULL,
    record_hash bytea NOT NULL,
    times bigint NOT NULL DEFAULT 1,
    first_received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT usage_rejects_pkey PRIMARY KEY (reject_key),
    CONSTRAINT usage_rejects_store_id_record_hash_reason_key UNIQUE (store_id, record_hash, reason),
    CONSTRAINT usage_rejects_kind_check CHECK (kind IN ('rejected', 'conflict'))
);
COMMENT ON TABLE edge.usage_rejects IS 'Records that were not stored, once per store and content.';
COMMENT ON COLUMN edge.usage_rejects.record IS 'The serialised UsageRecord, as it came.';

CREATE TABLE edge.edge_clients (
    client_id uuid NOT NULL DEFAULT gen_random_uuid(),
    company_id uuid NOT NULL,
    store_id uuid NOT NULL,
    name text NOT NULL DEFAULT '',
    secret_hash text NOT NULL,
    scopes text[] NOT NULL DEFAULT '{sync,usage}',
    generation bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    rotated_at timestamptz,
    revoked_at timestamptz,
    reported_at timestamptz,
    reported_version bigint,
    drifted_at timestamptz,
    client_version text NOT NULL DEFAULT '',
    CONSTRAINT edge_clients_pkey PRIMARY KEY (client_id),
    CONSTRAINT edge_clients_company_id_fkey FOREIGN KEY (company_id)
    REFERENCES edge.companies (company_id) ON DELETE CASCADE,
    CONSTRAINT edge_clients_store_id_fkey FOREIGN KEY (store_id)
    REFERENCES edge.stores (store_id) ON DELETE CASCADE
);
COMMENT ON TABLE edge.edge_clients IS 'Credentials of a store''s edge server, and what it last reported.';
COMMENT ON COLUMN edge.edge_clients.secret_hash IS 'argon2id.';
COMMENT ON COLUMN edge.edge_clients.generation IS 'Raised to void all tokens that were issued before.';
CREATE INDEX edge_clients_store_id_idx ON edge.edge_clients (store_id);
CREATE INDEX edge_clients_company_id_idx ON edge.edge_clients (company_id);

CREATE TABLE edge.refresh_tokens (
    token_hash bytea NOT NULL,
    client_id uuid NOT NULL,
    family_id uuid NOT NULL,
    issued_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    CONSTRAINT refresh_tokens_pkey PRIMARY KEY (token_hash),
    CONSTRAINT refresh_tokens_client_id_fkey FOREIGN KEY (client_id)
    REFERENCES edge.edge_clients (client_id) ON DELETE CASCADE
);
COMMENT ON TABLE edge.refresh_tokens IS 'Each works once; a second use voids its family.';
CREATE INDEX refresh_tokens_client_id_idx ON edge.refresh_tokens (client_id);
CREATE INDEX refresh_tokens_family_id_idx ON edge.refresh_tokens (family_id);
