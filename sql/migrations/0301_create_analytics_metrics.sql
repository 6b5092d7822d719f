-- What platforms claim per campaign and day, and the exchange rates to compare it with.
-- depends: 0300_create_analytics_sources
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

CREATE TABLE analytics.fx_rates (
    rate_date date NOT NULL,
    base_currency text NOT NULL,
    quote_currency text NOT NULL,
    source text NOT NULL,
    rate numeric(24, 12) NOT NULL,
    loaded_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT fx_rates_pkey PRIMARY KEY (base_currency, quote_currency, rate_date, source),
    CONSTRAINT fx_rates_rate_check CHECK (rate > 0),
    CONSTRAINT fx_rates_source_check CHECK (source IN ('ecb', 'peg', 'manual', 'order'))
);
COMMENT ON TABLE analytics.fx_rates IS 'On rate_date 1 base_currency cost `rate` quote_currency.';

CREATE TABLE analytics.fx_pegs (
    currency text NOT NULL,
    anchor text NOT NULL,
    rate numeric(24, 12) NOT NULL,
    CONSTRAINT fx_pegs_pkey PRIMARY KEY (currency),
    CONSTRAINT fx_pegs_rate_check CHECK (rate > 0)
);
COMMENT ON TABLE analytics.fx_pegs IS 'Currencies with a fixed price: 1 anchor is `rate` currency, on any day.';
INSERT INTO analytics.fx_pegs (currency, anchor, rate) VALUES
('SAR', 'USD', 3.75),
('AED', 'USD', 3.6725),
('QAR', 'USD', 3.64),
('BHD', 'USD', 0.376),
('OMR', 'USD', 0.3845),
('JOD', 'USD', 0.709);

CREATE FUNCTION analytics.units_per(anchor text, wanted text, on_date date) RETURNS numeric
LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN anchor = wanted THEN 1
        ELSE (
            SELECT r.rate
            FROM analytics.fx_rates AS r
            WHERE r.base_currency = anchor AND r.quote_currency = wanted
                AND r.rate_date <= on_date AND r.rate_date >= on_date - 7
            ORDER BY r.rate_date DESC, r.source = 'manual' DESC
            LIMIT 1
        )
    END
$$;
COMMENT ON FUNCTION analytics.units_per(text, text, date) IS
'How much of the wanted currency 1 anchor cost on the day, or on the last day with a rate of the 7 before.';

CREATE FUNCTION analytics.units_per_dollar(wanted text, on_date date) RETURNS numeric
LANGUAGE sql STABLE AS $$
    SELECT coalesce(
        (SELECT p.rate FROM analytics.fx_pegs AS p WHERE p.currency = wanted AND p.anchor = 'USD'),
        analytics.units_per('USD', wanted, on_date)
    )
$$;
COMMENT ON FUNCTION analytics.units_per_dollar(text, date) IS
'How much of the wanted currency 1 USD cost: by its peg, else by a loaded rate.';

CREATE FUNCTION analytics.units_per_euro(wanted text, on_date date) RETURNS numeric
LANGUAGE sql STABLE AS $$
    SELECT coalesce(
        analytics.units_per('EUR', wanted, on_date),
        analytics.units_per('EUR', 'USD', on_date) * analytics.units_per_dollar(wanted, on_date)
    )
$$;
COMMENT ON FUNCTION analytics.units_per_euro(text, date) IS
'How much of the wanted currency 1 EUR cost: as published, else through the dollar.';

CREATE FUNCTION analytics.convert_rate(from_currency text, to_currency text, on_date date)
RETURNS numeric LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN from_currency = to_currency THEN 1
        ELSE round(coalesce(
            -- What an operator loaded for this very pair, then two prices in one currency.
            analytics.units_per(from_currency, to_currency, on_date),
            analytics.units_per_dollar(to_currency, on_date)
            / analytics.units_per_dollar(from_currency, on_date),
            analytics.units_per_euro(to_currency, on_date)
            / analytics.units_per_euro(from_currency, on_date),
            1 / analytics.units_per(to_currency, from_currency, on_date)
        ), 12)
    END
$$;
COMMENT ON FUNCTION analytics.convert_rate(text, text, date) IS
'By what an amount of from_currency is multiplied to be to_currency; NULL where no source covers the pair.';

CREATE TABLE analytics.campaign_metrics (
    campaign_id bigint NOT NULL,
    date date NOT NULL,
    impressions bigint,
    clicks bigint,
    spend numeric(20, 6),
    conversions numeric(18, 6),
    conversion_value numeric(20, 6),
    conversion_type text,
    reach bigint,
    frequency numeric(14, 6),
    video_plays bigint,
    video_views_2s bigint,
    video_views_6s bigint,
    video_quartile_1 bigint,
    video_quartile_2 bigint,
    video_quartile_3 bigint,
    video_completions bigint,
    currency text NOT NULL,
    fx_rate numeric(24, 12),
    ctr numeric GENERATED ALWAYS AS (round(100.0 * clicks / nullif(impressions, 0), 6)) STORED,
    cpc numeric GENERATED ALWAYS AS (round(spend / nullif(clicks, 0), 6)) STORED,
    cpm numeric GENERATED ALWAYS AS (round(1000 * spend / nullif(impressions, 0), 6)) STORED,
    revenue numeric GENERATED ALWAYS AS (conversion_value * fx_rate) STORED,
    roas numeric GENERATED ALWAYS AS (round(conversion_value / nullif(spend, 0), 6)) STORED,
    attribution_window text NOT NULL,
    provisional boolean NOT NULL,
    pulled_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT campaign_metrics_pkey PRIMARY KEY (campaign_id, date),
    CONSTRAINT campaign_metrics_campaign_id_fkey FOREIGN KEY (
        campaign_id
    ) REFERENCES analytics.campaigns (campaign_id)
);
COMMENT ON TABLE analytics.campaign_metrics IS
'What a platform claims for a campaign on a day of its ad account''s timezone. No row: no delivery.';
COMMENT ON COLUMN analytics.campaign_metrics.clicks IS 'Meta: all clicks; Snapchat: swipes.';
COMMENT ON COLUMN analytics.campaign_metrics.spend IS 'Major units of `currency`. NULL: not reported.';
COMMENT ON COLUMN analytics.campaign_metrics.conversions IS
'Claimed purchases; may be fractional. NULL: not reported.';
COMMENT ON COLUMN analytics.campaign_metrics.conversion_value IS
'Claimed value of the purchases in `currency`. NULL: not reported.';
COMMENT ON COLUMN analytics.campaign_metrics.conversion_type IS
'The vendor''s name of the one event type that was counted.';
COMMENT ON COLUMN analytics.campaign_metrics.reach IS 'People; cannot be added up. NULL: not reported.';
COMMENT ON COLUMN analytics.campaign_metrics.fx_rate IS
'1 `currency` in the workspace''s reporting currency on that day. NULL: no source covers the pair.';
COMMENT ON COLUMN analytics.campaign_metrics.ctr IS 'Percent of impressions. NULL without impressions.';
COMMENT ON COLUMN analytics.campaign_metrics.cpc IS '`currency` per click. NULL without clicks.';
COMMENT ON COLUMN analytics.campaign_metrics.cpm IS '`currency` per 1,000 impressions. NULL without any.';
COMMENT ON COLUMN analytics.campaign_metrics.revenue IS
'The claimed value in the reporting currency. NULL: no value or no rate.';
COMMENT ON COLUMN analytics.campaign_metrics.roas IS 'The claimed one: value / spend. NULL without spend.';
COMMENT ON COLUMN analytics.campaign_metrics.attribution_window IS
'What the platform counts as caused by the ad: 7d_click_1d_view.';
COMMENT ON COLUMN analytics.campaign_metrics.provisional IS 'The platform may still restate the day.';
COMMENT ON COLUMN analytics.campaign_metrics.pulled_at IS
'When the vendor gave these values; a pull that finds them unchanged leaves the row alone.';
CREATE INDEX campaign_metrics_date_idx ON analytics.campaign_metrics (date);

CREATE TABLE analytics.account_days (
    connection_id bigint NOT NULL,
    date date NOT NULL,
    currency text NOT NULL,
    spend numeric(20, 6),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT account_days_pkey PRIMARY KEY (connection_id, date),
    CONSTRAINT account_days_connection_id_fkey FOREIGN KEY (
        connection_id
    ) REFERENCES analytics.connections (connection_id)
);
COMMENT ON TABLE analytics.account_days IS
'What an ad account spent per day in all, as the platform says: checked against its campaigns'' sum.';
