-- Working tables of one transaction: orders to compute, the visits before them, what each visit
-- matches, and the credits.
CREATE TEMPORARY TABLE taken_orders (
    order_id bigint NOT NULL,
    workspace_id bigint NOT NULL,
    connection_id bigint NOT NULL,
    external_id text NOT NULL,
    ordered_at timestamptz NOT NULL,
    order_day date NOT NULL,
    utc_offset_seconds bigint NOT NULL,
    currency text NOT NULL,
    minor_digits bigint NOT NULL,
    gross numeric NOT NULL,
    refunded numeric NOT NULL,
    order_rate numeric,
    counts boolean NOT NULL,
    not_attributable text,
    coupons text[] NOT NULL,
    own_click_ids text[] NOT NULL,
    window_seconds bigint NOT NULL,
    models text[] NOT NULL,
    paid_media text[] NOT NULL,
    counts_unproven_clicks boolean NOT NULL,
    flags text[] NOT NULL
) ON COMMIT DROP;

CREATE TEMPORARY TABLE seen_touches (
    touch_no bigint NOT NULL,
    order_id bigint NOT NULL,
    workspace_id bigint NOT NULL,
    is_logged boolean NOT NULL,
    touch_key text COLLATE "C" NOT NULL,
    occurred_at timestamptz NOT NULL,
    delta_seconds bigint NOT NULL,
    platform text,
    click_platform text,
    is_paid boolean NOT NULL,
    is_proven boolean NOT NULL,
    campaign_ref text,
    campaign_key text,
    campaign_ids text[],
    referrer_kind text NOT NULL,
    flags text[]
) ON COMMIT DROP;

CREATE TEMPORARY TABLE touch_matches (
    touch_no bigint NOT NULL,
    evidence text NOT NULL,
    platform text,
    campaign_id bigint,
    candidates bigint[]
) ON COMMIT DROP;

CREATE TEMPORARY TABLE touch_credits (
    order_id bigint NOT NULL,
    model_name text NOT NULL,
    ordinal bigint NOT NULL,
    touch_no bigint,
    evidence text NOT NULL,
    platform text,
    campaign_id bigint,
    candidates bigint[],
    raw_weight bigint NOT NULL
) ON COMMIT DROP;

CREATE TEMPORARY TABLE new_events (
    LIKE analytics.attribution_events
) ON COMMIT DROP;
