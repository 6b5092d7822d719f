-- Brands, offers and tenants of the affiliate platform.
-- depends: 0001_create_ops
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

CREATE SCHEMA affiliate;
COMMENT ON SCHEMA affiliate IS 'What the affiliate platform (Trackier) knows: brands, offers, and our tenants'' publisher ids.';

CREATE TABLE affiliate.brands (
    brand_id bigint GENERATED ALWAYS AS IDENTITY,
    trackier_advertiser_id text NOT NULL,
    trackier_display_id text,
    name text NOT NULL,
    logo_url text,
    status text NOT NULL,
    is_active boolean NOT NULL,
    checksum text NOT NULL,
    page_key bigint,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT brands_pkey PRIMARY KEY (brand_id),
    CONSTRAINT brands_trackier_advertiser_id_key UNIQUE (trackier_advertiser_id),
    CONSTRAINT brands_name_check CHECK (name <> '')
);
COMMENT ON TABLE affiliate.brands IS 'Advertisers of the affiliate platform.';
COMMENT ON COLUMN affiliate.brands.trackier_advertiser_id IS 'The vendor''s hashId: 24 hexadecimal digits.';
COMMENT ON COLUMN affiliate.brands.trackier_display_id IS 'The vendor''s small per-network id, as text.';
COMMENT ON COLUMN affiliate.brands.status IS 'The vendor''s word, whatever it is.';
COMMENT ON COLUMN affiliate.brands.is_active IS 'Ours: status is active, and present in the last complete list.';
COMMENT ON COLUMN affiliate.brands.page_key IS 'ops.sync_pages row of the page that last changed this row; pages expire, so no foreign key.';
CREATE INDEX brands_trackier_display_id_idx ON affiliate.brands (trackier_display_id);

CREATE TABLE affiliate.offers (
    offer_id bigint GENERATED ALWAYS AS IDENTITY,
    trackier_campaign_id text NOT NULL,
    trackier_display_id text,
    advertiser_id bigint NOT NULL,
    name text NOT NULL,
    category text,
    base_commission_pct numeric(7, 4),
    payout_amount numeric(18, 6),
    payout_currency text,
    payout_model text,
    status text NOT NULL,
    is_active boolean NOT NULL,
    checksum text NOT NULL,
    page_key bigint,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT offers_pkey PRIMARY KEY (offer_id),
    CONSTRAINT offers_trackier_campaign_id_key UNIQUE (trackier_campaign_id),
    CONSTRAINT offers_advertiser_id_fkey FOREIGN KEY (advertiser_id) REFERENCES affiliate.brands (
        brand_id
    ),
    CONSTRAINT offers_name_check CHECK (name <> ''),
    CONSTRAINT offers_base_commission_pct_check CHECK (base_commission_pct BETWEEN 0 AND 100),
    CONSTRAINT offers_payout_amount_check CHECK (payout_amount >= 0),
    CONSTRAINT offers_payout_currency_check CHECK (payout_currency ~ '^[A-Z]{3}$')
);
COMMENT ON TABLE affiliate.offers IS 'Campaigns of the affiliate platform; never deleted, only deactivated.';
COMMENT ON COLUMN affiliate.offers.base_commission_pct IS 'Percent of the sale, only where the payout is a percentage.';
COMMENT ON COLUMN affiliate.offers.payout_amount IS 'The base payout''s number: an amount in payout_currency, or percent.';
COMMENT ON COLUMN affiliate.offers.status IS 'The vendor''s word, whatever it is.';
COMMENT ON COLUMN affiliate.offers.is_active IS 'Ours: status is active, and present in the last complete fetch.';
CREATE INDEX offers_advertiser_id_idx ON affiliate.offers (advertiser_id);

CREATE TABLE affiliate.tenants (
    tenant_id bigint GENERATED ALWAYS AS IDENTITY,
    name text NOT NULL,
    email text,
    external_ref text,
    trackier_pid text,
    default_share_pct numeric(5, 2) NOT NULL DEFAULT 40,
    custom_domain text,
    CONSTRAINT tenants_pkey PRIMARY KEY (tenant_id),
    CONSTRAINT tenants_trackier_pid_key UNIQUE (trackier_pid),
    CONSTRAINT tenants_external_ref_key UNIQUE (external_ref),
    CONSTRAINT tenants_default_share_pct_check CHECK (default_share_pct BETWEEN 0 AND 100)
);
COMMENT ON TABLE affiliate.tenants IS 'Our publishers; trackier_pid is set by the sync, the rest by us.';
COMMENT ON COLUMN affiliate.tenants.external_ref IS
'Explicit link to a Trackier publisher: its hashId, its display id, or the external reference stored with it.';
