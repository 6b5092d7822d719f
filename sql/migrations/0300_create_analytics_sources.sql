-- Workspaces, the ad accounts and stores they have linked, and the campaigns found there.
-- depends: 0003_create_alerts
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

CREATE SCHEMA analytics;
COMMENT ON SCHEMA analytics IS
'What ad platforms claim, what stores sold, and which click it came from. NULL is unknown, never 0.';

CREATE TABLE analytics.workspaces (
    workspace_id bigint GENERATED ALWAYS AS IDENTITY,
    name text NOT NULL,
    timezone text NOT NULL,
    reporting_currency text NOT NULL,
    attribution_models text[] NOT NULL DEFAULT '{last_click}',
    attribution_window_days bigint NOT NULL DEFAULT 7,
    paid_media text[] NOT NULL DEFAULT
    '{cpc,ppc,cpm,cpv,paid,paid-social,paid_social,paidsocial,"paid social",ads,ad}',
    counts_unproven_clicks boolean NOT NULL DEFAULT FALSE,
    alert_thresholds jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT workspaces_pkey PRIMARY KEY (workspace_id),
    CONSTRAINT workspaces_name_key UNIQUE (name),
    CONSTRAINT workspaces_reporting_currency_check CHECK (reporting_currency ~ '^[A-Z]{3}$'),
    CONSTRAINT workspaces_attribution_window_days_check CHECK (
        attribution_window_days IN (1, 7, 14, 28, 30)
    ),
    CONSTRAINT workspaces_attribution_models_check CHECK (
        cardinality(attribution_models) > 0
        AND attribution_models <@ ARRAY[
            'last_click', 'first_click', 'linear', 'position_based', 'time_decay'
        ]
    )
);
COMMENT ON TABLE analytics.workspaces IS 'A business whose ads and stores are looked at together.';
COMMENT ON COLUMN analytics.workspaces.timezone IS 'IANA name; an order''s day is a day of this timezone.';
COMMENT ON COLUMN analytics.workspaces.reporting_currency IS
'ISO 4217; sums across currencies exist only in this one.';
COMMENT ON COLUMN analytics.workspaces.attribution_models IS
'Models that are computed; dashboards show the first.';
COMMENT ON COLUMN analytics.workspaces.attribution_window_days IS
'Days of 86,400 s from click to order, both ends included.';
COMMENT ON COLUMN analytics.workspaces.paid_media IS
'utm_medium values, normalised, that say that somebody paid for the click.';
COMMENT ON COLUMN analytics.workspaces.counts_unproven_clicks IS
'Whether an fbclid alone counts as an ad: Meta appends it to unpaid links too.';
COMMENT ON COLUMN analytics.workspaces.alert_thresholds IS
'Thresholds that differ from the defaults, by name.';

CREATE TABLE analytics.connections (
    connection_id bigint GENERATED ALWAYS AS IDENTITY,
    workspace_id bigint NOT NULL,
    vendor text NOT NULL,
    external_id text NOT NULL,
    name text NOT NULL,
    currency text,
    timezone text,
    status text NOT NULL DEFAULT 'active',
    settings jsonb NOT NULL DEFAULT '{}',
    credentials bytea,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT connections_pkey PRIMARY KEY (connection_id),
    CONSTRAINT connections_workspace_id_vendor_external_id_key UNIQUE (
        workspace_id, vendor, external_id
    ),
    CONSTRAINT connections_workspace_id_fkey FOREIGN KEY (
        workspace_id
    ) REFERENCES analytics.workspaces (workspace_id),
    CONSTRAINT connections_vendor_check CHECK (
        vendor IN ('meta', 'tiktok', 'snapchat', 'shopify', 'woocommerce', 'salla', 'zid')
    ),
    CONSTRAINT connections_status_check CHECK (status IN ('active', 'disabled', 'needs_reauth')),
    CONSTRAINT connections_currency_check CHECK (currency ~ '^[A-Z]{3}$')
);
COMMENT ON TABLE analytics.connections IS 'An ad account or a store of a workspace.';
COMMENT ON COLUMN analytics.connections.external_id IS
'The vendor''s account id without prefix, or the store''s host.';
COMMENT ON COLUMN analytics.connections.currency IS 'ISO 4217; NULL until the vendor was asked.';
COMMENT ON COLUMN analytics.connections.timezone IS
'IANA name; a campaign''s day is a day of this timezone. NULL until the vendor was asked.';
COMMENT ON COLUMN analytics.connections.settings IS 'Neither secret nor common: base_url, api_version.';
COMMENT ON COLUMN analytics.connections.credentials IS
'Tokens, encrypted (Fernet) with a key that the database does not have. NULL: none yet.';

CREATE TABLE analytics.sync_state (
    connection_id bigint NOT NULL,
    last_attempt_at timestamptz,
    last_success_at timestamptz,
    last_error text,
    consecutive_failures bigint NOT NULL DEFAULT 0,
    not_before timestamptz,
    first_synced_at timestamptz,
    last_wide_at timestamptz,
    campaigns_seen_at timestamptz,
    orders_until timestamptz,
    report jsonb,
    CONSTRAINT sync_state_pkey PRIMARY KEY (connection_id),
    CONSTRAINT sync_state_connection_id_fkey FOREIGN KEY (
        connection_id
    ) REFERENCES analytics.connections (connection_id)
);
COMMENT ON TABLE analytics.sync_state IS 'How far each connection is, and when it may be asked again.';
COMMENT ON COLUMN analytics.sync_state.last_error IS 'Of the last attempt; NULL after a success.';
COMMENT ON COLUMN analytics.sync_state.not_before IS 'The vendor asked to wait until then. NULL: no wait.';
COMMENT ON COLUMN analytics.sync_state.first_synced_at IS 'When the first 90 days were complete.';
COMMENT ON COLUMN analytics.sync_state.last_wide_at IS 'When the last 30 days were last complete.';
COMMENT ON COLUMN analytics.sync_state.campaigns_seen_at IS
'When the campaigns were last listed: until then their stored names were in force.';
COMMENT ON COLUMN analytics.sync_state.orders_until IS
'Orders changed before this instant are here. NULL: none yet.';
COMMENT ON COLUMN analytics.sync_state.report IS 'A report that was asked for and is not read yet.';

CREATE TABLE analytics.campaigns (
    campaign_id bigint GENERATED ALWAYS AS IDENTITY,
    workspace_id bigint NOT NULL,
    connection_id bigint NOT NULL,
    platform text NOT NULL,
    external_id text NOT NULL,
    name text NOT NULL,
    status text NOT NULL,
    raw_status text NOT NULL,
    objective text,
    created_on_platform_at timestamptz,
    starts_at timestamptz,
    ends_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT campaigns_pkey PRIMARY KEY (campaign_id),
    CONSTRAINT campaigns_connection_id_external_id_key UNIQUE (connection_id, external_id),
    CONSTRAINT campaigns_connection_id_fkey FOREIGN KEY (
        connection_id
    ) REFERENCES analytics.connections (connection_id),
    CONSTRAINT campaigns_status_check CHECK (
        status IN ('active', 'paused', 'ended', 'removed', 'unknown')
    )
);
COMMENT ON TABLE analytics.campaigns IS 'Campaigns of the linked ad accounts; never deleted.';
COMMENT ON COLUMN analytics.campaigns.external_id IS 'The platform''s id, as text.';
COMMENT ON COLUMN analytics.campaigns.name IS 'The newest one; analytics.campaign_names has those before.';
COMMENT ON COLUMN analytics.campaigns.ends_at IS 'NULL: no end is planned, or the platform does not tell.';
CREATE INDEX campaigns_workspace_id_external_id_idx ON analytics.campaigns (
    workspace_id, external_id
);

CREATE TABLE analytics.campaign_names (
    campaign_id bigint NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_until timestamptz NOT NULL DEFAULT 'infinity',
    workspace_id bigint NOT NULL,
    platform text NOT NULL,
    name text NOT NULL,
    name_key text NOT NULL,
    CONSTRAINT campaign_names_pkey PRIMARY KEY (campaign_id, valid_from),
    CONSTRAINT campaign_names_campaign_id_fkey FOREIGN KEY (
        campaign_id
    ) REFERENCES analytics.campaigns (campaign_id)
);
COMMENT ON TABLE analytics.campaign_names IS
'Which name a campaign had when, so that an old click still finds its campaign.';
COMMENT ON COLUMN analytics.campaign_names.valid_from IS
'When the name before was last seen (a rename happens between two looks); -infinity for the first.';
COMMENT ON COLUMN analytics.campaign_names.valid_until IS 'When the next name was first seen, exclusive.';
COMMENT ON COLUMN analytics.campaign_names.name_key IS 'Normalised as utm_campaign is.';
CREATE INDEX campaign_names_workspace_id_name_key_idx ON analytics.campaign_names (
    workspace_id, name_key
);
