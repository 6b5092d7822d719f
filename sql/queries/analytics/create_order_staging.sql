-- Staging tables of one connection for orders and the visits that shops remember.
CREATE TEMPORARY TABLE IF NOT EXISTS staged_orders (
    ordinal bigint NOT NULL,
    external_id text NOT NULL,
    number text,
    ordered_at timestamptz NOT NULL,
    changed_at timestamptz,
    currency text NOT NULL,
    gross numeric NOT NULL,
    refunded numeric NOT NULL,
    exchange_rate numeric,
    exchange_currency text,
    state text NOT NULL,
    raw_status text NOT NULL,
    cancelled_at timestamptz,
    is_test boolean NOT NULL,
    not_attributable text,
    source text,
    coupons text[] NOT NULL,
    customer_key text,
    visitor_id text,
    own_click_ids text[] NOT NULL,
    refunds jsonb NOT NULL,
    touches_ready boolean NOT NULL,
    flags text[] NOT NULL,
    checksum text NOT NULL
) ON COMMIT DELETE ROWS;

CREATE TEMPORARY TABLE IF NOT EXISTS staged_touches (
    ordinal bigint NOT NULL,
    touch_key text NOT NULL,
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
    rule_version bigint NOT NULL
) ON COMMIT DELETE ROWS;

CREATE TEMPORARY TABLE IF NOT EXISTS changed_orders (
    order_id bigint NOT NULL,
    ordinal bigint NOT NULL,
    is_new boolean NOT NULL
) ON COMMIT DELETE ROWS;
