-- Orders, the visits that shops and our click log remember, and which click an order came from.
-- depends: 0301_create_analytics_metrics
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

CREATE FUNCTION analytics.minor_digits(currency text) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN currency IN ('JPY', 'KRW', 'VND', 'CLP', 'ISK', 'PYG', 'UGX', 'XAF', 'XOF', 'XPF') THEN 0
        WHEN currency IN ('KWD', 'BHD', 'OMR', 'JOD', 'TND', 'IQD', 'LYD') THEN 3
        ELSE 2
    END
$$;
COMMENT ON FUNCTION analytics.minor_digits(text) IS 'Decimals of a currency''s smallest unit (ISO 4217).';

CREATE TABLE analytics.orders (
    order_id bigint GENERATED ALWAYS AS IDENTITY,
    workspace_id bigint NOT NULL,
    connection_id bigint NOT NULL,
    external_id text NOT NULL,
    number text,
    ordered_at timestamptz NOT NULL,
    changed_at timestamptz,
    currency text NOT NULL,
    gross numeric(20, 6) NOT NULL,
    refunded numeric(20, 6) NOT NULL,
    net numeric(20, 6) NOT NULL,
    exchange_rate numeric(24, 12),
    exchange_currency text,
    state text NOT NULL,
    raw_status text NOT NULL,
    cancelled_at timestamptz,
    is_test boolean NOT NULL,
    not_attributable text,
    source text,
    coupons text[] NOT NULL DEFAULT '{}',
    customer_key text,
    own_click_ids text[] NOT NULL DEFAULT '{}',
    refunds jsonb NOT NULL DEFAULT '[]',
    touches_ready boolean NOT NULL DEFAULT TRUE,
    flags text[] NOT NULL DEFAULT '{}',
    checksum text NOT NULL,
    pulled_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT orders_pkey PRIMARY KEY (order_id),
    CONSTRAINT orders_connection_id_external_id_key UNIQUE (connection_id, external_id),
    CONSTRAINT orders_connection_id_fkey FOREIGN KEY (
        connection_id
    ) REFERENCES analytics.connections (connection_id),
    CONSTRAINT orders_state_check CHECK (
        state IN ('pending', 'placed', 'confirmed', 'cancelled')
    )
);
COMMENT ON TABLE analytics.orders IS 'Store orders, each in its newest version; money in `currency`.';
COMMENT ON COLUMN analytics.orders.ordered_at IS 'When the order was made, whole seconds.';
COMMENT ON COLUMN analytics.orders.changed_at IS
'The vendor''s update time; an older version never replaces a newer one. NULL: the vendor has none.';
COMMENT ON COLUMN analytics.orders.gross IS
'What the order costs after edits, before refunds and cancellation.';
COMMENT ON COLUMN analytics.orders.refunded IS
'What the order''s value is reduced by: money given back, all of it when cancelled. May exceed gross.';
COMMENT ON COLUMN analytics.orders.net IS 'gross - refunded; below 0 when more was given back.';
COMMENT ON COLUMN analytics.orders.exchange_rate IS
'The order''s own: 1 `currency` = so much exchange_currency. NULL: it has none.';
COMMENT ON COLUMN analytics.orders.state IS 'pending is no revenue and not attributed.';
COMMENT ON COLUMN analytics.orders.not_attributable IS
'Why no click led to it (pos, admin, draft, api, marketplace, renewal, import). NULL: one may have.';
COMMENT ON COLUMN analytics.orders.customer_key IS 'A hash that tells customers apart.';
COMMENT ON COLUMN analytics.orders.touches_ready IS 'False: the shop still works on them.';
CREATE INDEX orders_workspace_id_ordered_at_idx ON analytics.orders (workspace_id, ordered_at);
CREATE INDEX orders_own_click_ids_idx ON analytics.orders USING gin (own_click_ids)
WHERE own_click_ids <> '{}';

CREATE TABLE analytics.order_touches (
    order_id bigint NOT NULL,
    touch_key text COLLATE "C" NOT NULL,
    workspace_id bigint NOT NULL,
    occurred_at timestamptz NOT NULL,
    landing_url text,
    referrer text,
    utm_source text,
    utm_medium text,
    utm_campaign text,
    utm_content text,
    utm_term text,
    source_platform text,
    click_platform text,
    click_value text,
    campaign_ref text,
    medium_key text,
    campaign_key text,
    campaign_ids text[],
    referrer_kind text NOT NULL,
    flags text[],
    rule_version bigint NOT NULL,
    CONSTRAINT order_touches_pkey PRIMARY KEY (order_id, touch_key),
    CONSTRAINT order_touches_order_id_fkey FOREIGN KEY (
        order_id
    ) REFERENCES analytics.orders (order_id) ON DELETE CASCADE
);
COMMENT ON TABLE analytics.order_touches IS
'Visits before an order, as the shop remembers them; what they were raw and what they mean.';
COMMENT ON COLUMN analytics.order_touches.source_platform IS 'Platform that utm_source names, if any.';
COMMENT ON COLUMN analytics.order_touches.click_platform IS 'Platform whose click id the URL has, if any.';
COMMENT ON COLUMN analytics.order_touches.campaign_ref IS
'The platform''s campaign id, known at click time (own click log only).';
COMMENT ON COLUMN analytics.order_touches.campaign_key IS 'utm_campaign, normalised; NULL: none or a macro.';
COMMENT ON COLUMN analytics.order_touches.campaign_ids IS 'Ids in the URL that may be a campaign''s.';
COMMENT ON COLUMN analytics.order_touches.referrer_kind IS 'direct, organic or referral: never paid.';
COMMENT ON COLUMN analytics.order_touches.rule_version IS 'Version of the normalising rules.';
CREATE INDEX order_touches_workspace_id_campaign_key_idx ON analytics.order_touches (
    workspace_id, campaign_key
) WHERE campaign_key IS NOT NULL;
CREATE INDEX order_touches_campaign_ids_idx ON analytics.order_touches USING gin (campaign_ids)
WHERE campaign_ids IS NOT NULL;

CREATE TABLE analytics.click_events (
    workspace_id bigint NOT NULL,
    click_id text COLLATE "C" NOT NULL,
    visitor_id text NOT NULL,
    occurred_at timestamptz NOT NULL,
    landing_url text,
    referrer text,
    utm_source text,
    utm_medium text,
    utm_campaign text,
    utm_content text,
    utm_term text,
    source_platform text,
    click_platform text,
    click_value text,
    campaign_ref text,
    medium_key text,
    campaign_key text,
    campaign_ids text[],
    referrer_kind text NOT NULL,
    flags text[],
    rule_version bigint NOT NULL,
    CONSTRAINT click_events_pkey PRIMARY KEY (workspace_id, click_id)
);
COMMENT ON TABLE analytics.click_events IS
'Our own click log: landings on storefronts and passes of our redirect. Columns as in order_touches.';
COMMENT ON COLUMN analytics.click_events.click_id IS 'Ours; the same line twice is one click.';
COMMENT ON COLUMN analytics.click_events.visitor_id IS 'Our snippet''s first-party id of a browser.';
CREATE INDEX click_events_visitor_idx ON analytics.click_events (
    workspace_id, visitor_id, occurred_at
);
CREATE INDEX click_events_workspace_id_campaign_key_idx ON analytics.click_events (
    workspace_id, campaign_key
) WHERE campaign_key IS NOT NULL;
CREATE INDEX click_events_campaign_ids_idx ON analytics.click_events USING gin (campaign_ids)
WHERE campaign_ids IS NOT NULL;

CREATE TABLE analytics.order_visitors (
    connection_id bigint NOT NULL,
    external_id text NOT NULL,
    visitor_id text NOT NULL,
    workspace_id bigint NOT NULL,
    occurred_at timestamptz NOT NULL,
    CONSTRAINT order_visitors_pkey PRIMARY KEY (connection_id, external_id, visitor_id),
    CONSTRAINT order_visitors_connection_id_fkey FOREIGN KEY (
        connection_id
    ) REFERENCES analytics.connections (connection_id)
);
COMMENT ON TABLE analytics.order_visitors IS
'Which browser an order was made in, says our snippet; may be here before the order is.';
CREATE INDEX order_visitors_workspace_id_visitor_id_idx ON analytics.order_visitors (
    workspace_id, visitor_id
);

CREATE TABLE analytics.coupons (
    workspace_id bigint NOT NULL,
    coupon_key text NOT NULL,
    platform text NOT NULL,
    campaign_id bigint,
    CONSTRAINT coupons_pkey PRIMARY KEY (workspace_id, coupon_key),
    CONSTRAINT coupons_workspace_id_fkey FOREIGN KEY (
        workspace_id
    ) REFERENCES analytics.workspaces (workspace_id),
    CONSTRAINT coupons_campaign_id_fkey FOREIGN KEY (
        campaign_id
    ) REFERENCES analytics.campaigns (campaign_id)
);
COMMENT ON TABLE analytics.coupons IS 'Coupons that were given out in a campaign (influencers).';
COMMENT ON COLUMN analytics.coupons.coupon_key IS 'Normalised as UTM values are.';

CREATE TABLE analytics.stale_orders (
    order_id bigint NOT NULL,
    CONSTRAINT stale_orders_pkey PRIMARY KEY (order_id)
);
COMMENT ON TABLE analytics.stale_orders IS
'Orders whose attribution has to be computed: written with the change, removed with the result.';

CREATE TABLE analytics.attribution_events (
    order_id bigint NOT NULL,
    attribution_type text NOT NULL,
    ordinal bigint NOT NULL,
    workspace_id bigint NOT NULL,
    event_type text NOT NULL DEFAULT 'purchase',
    event_time timestamptz NOT NULL,
    event_date date NOT NULL,
    platform text,
    campaign_id bigint,
    candidates bigint[],
    evidence text NOT NULL,
    weight numeric(10, 9) NOT NULL,
    currency text NOT NULL,
    gross_value numeric(20, 6) NOT NULL,
    conversion_value numeric(20, 6) NOT NULL,
    order_rate numeric(24, 12),
    touch_key text,
    touched_at timestamptz,
    attributed_click_id text,
    utm_source text,
    utm_medium text,
    utm_campaign text,
    utm_content text,
    utm_term text,
    referrer text,
    flags text[] NOT NULL DEFAULT '{}',
    rule_version bigint NOT NULL,
    computed_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT attribution_events_pkey PRIMARY KEY (order_id, attribution_type, ordinal),
    CONSTRAINT attribution_events_order_id_fkey FOREIGN KEY (
        order_id
    ) REFERENCES analytics.orders (order_id) ON DELETE CASCADE
);
COMMENT ON TABLE analytics.attribution_events IS
'Who is credited for an order, per model: weights of an order add up to 1, values to the order''s.';
COMMENT ON COLUMN analytics.attribution_events.ordinal IS 'Position of the touch in time, from 1.';
COMMENT ON COLUMN analytics.attribution_events.event_date IS 'The order''s day in the workspace''s timezone.';
COMMENT ON COLUMN analytics.attribution_events.platform IS 'NULL: credited to no platform.';
COMMENT ON COLUMN analytics.attribution_events.campaign_id IS
'NULL: to none, or only the platform is known (see evidence and candidates).';
COMMENT ON COLUMN analytics.attribution_events.candidates IS
'Campaigns that fit equally well, none of which is credited. NULL: the match was not ambiguous.';
COMMENT ON COLUMN analytics.attribution_events.evidence IS
'What the match rests on: click_log, url_id, utm_name, click_id, utm_source, coupon; else why there is none.';
COMMENT ON COLUMN analytics.attribution_events.gross_value IS 'Share of the order''s gross, in `currency`.';
COMMENT ON COLUMN analytics.attribution_events.conversion_value IS
'Share of the order''s net, in `currency`; below 0 when more was given back than paid.';
COMMENT ON COLUMN analytics.attribution_events.order_rate IS
'The order''s own rate to the reporting currency. NULL: the day''s rate counts.';
COMMENT ON COLUMN analytics.attribution_events.attributed_click_id IS
'Our click id, else the platform''s, as it was.';
CREATE INDEX attribution_events_workspace_id_event_date_idx ON analytics.attribution_events (
    workspace_id, event_date
);
